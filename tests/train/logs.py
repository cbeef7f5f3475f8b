"""Logs made for tests: a healthy run, and the earlier run's from its statistics."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, Any]
FINAL = {  # what the earlier run ended with
    "loss_image": 0.06677, "loss_caption": 1.14437, "loss_alignment": 0.00997,
    "caption_accuracy": 0.694,
}  # fmt: skip
GOOD = {  # an evaluation that trips no rule
    "split": "test", "pictures": 600, "caption_accuracy": 0.47, "caption_accuracy_error": 0.01,
    "caption_accuracy_with_padding": 0.475, "shuffled_caption_accuracy": 0.3, "cider": 0.6,
    "cider_error": 0.02, "nn_cider": 0.25, "nn_cider_error": 0.02, "random_cider": 0.05,
    "frequent_cider": 0.08, "distinct_share": 0.9, "image_mse": 0.04, "image_mse_64": 0.02,
    "image_mse_64_error": 0.0005, "thumbnail_mse_64": 0.025, "mean_mse_64": 0.2,
    "shuffled_layout_mse": 0.3, "sharpness": 0.9, "t2i_r10": 0.5, "chance_r10": 0.017,
    "candidates": 572, "kid": 0.02, "kid_floor": 0.001, "train_nn_similarity": 0.70,
    "test_nn_similarity": 0.69, "train_caption_accuracy": 0.52,
}  # fmt: skip


def healthy(steps: int = 1000) -> list[Row]:
    """Return the rows of a run without fault."""
    draw = np.random.default_rng(0)
    rows = []
    for step in range(steps):
        done = step / steps
        fall = math.exp(-6 * done)
        noise = 1 + 0.02 * draw.standard_normal()
        image, caption = (0.05 + 0.2 * fall) * noise, (1.5 + 4 * fall) * noise
        rows.append({
            "stage": "captions", "step": step, "epoch": step / 50, "seconds": 0.5 * step,
            "loss_total": image + caption, "loss_image": image, "loss_caption": caption,
            "loss_alignment": (0.5 + fall) * noise, "caption_accuracy": 0.6 - 0.5 * fall,
            "learning_rate": 1e-3 * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done))),
            "gradient_norm": (0.5 + fall) * noise, "latent_mean": 1e-4 * draw.standard_normal(),
            "latent_std": 0.03125 * (1 + 1e-4 * draw.standard_normal()),
            "latent_norm": 1.0, "latent_min": -0.12, "latent_max": 0.121,
            "effective_rank": 60 * noise, "images_per_second": 30 * noise,
        })  # fmt: skip
        if step % 100 == 99:
            worth = {
                "validation_loss_caption": 1.7 + 4 * fall,
                "validation_t2i_r10": 0.5 - 0.4 * fall,
            }
            rows.append({"stage": "captions", "step": step, **worth, "validation_candidates": 600})
    return rows


def earlier() -> list[Row]:
    """Return 2,900 steps that have the statistics the earlier run's report prints."""
    draw = np.random.default_rng(1)
    step = np.arange(2900)
    epoch = step // 29
    rate = 1e-6 + (1e-3 - 1e-6) * 0.5 * (1 + np.cos(np.pi * epoch / 100))
    norm = 0.8139 + 0.3585 * np.exp(-step / 3.5) + 0.003 * draw.standard_normal(2900)
    norm[[0, 40, -1]] = 1.172754, 0.713232, 0.812480
    std = norm / 31.56
    std[-1] = 0.025391
    std[0] = 0.037161
    bias = (5e-4 - rate) / 3.535e-4  # spread 1
    mean = np.clip(0.000452 + 2.1e-4 * bias + 8.5e-5 * draw.standard_normal(2900), -1, 7.67e-4)
    wave = 0.002 * (0.845 * bias + 0.535 * draw.standard_normal(2900))
    other = 0.002 * (0.845 * bias + 0.535 * draw.standard_normal(2900))
    columns = {
        "learning_rate": rate, "latent_mean": mean, "latent_std": std, "latent_norm": norm,
        "latent_min": -0.071351 + wave, "latent_max": 0.072583 + other,
    }  # fmt: skip
    return [{"_step": int(i), **{k: float(v[i]) for k, v in columns.items()}} for i in step]


def write(folder: Path, rows: list[Row], name: str = "log.jsonl", end: str = "\n") -> Path:
    """Write rows as JSON lines."""
    path = folder / name
    path.write_text("\n".join(json.dumps(row) for row in rows) + end, encoding="utf-8")
    return path
