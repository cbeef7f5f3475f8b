"""Learns from captions that a person accepted on the desk, and tells what that changed on accepted
captions that were held out.

Shapes: N pictures held out.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engrave.errors import DataError
from engrave.model.multimodal import MultimodalModel
from train.config import TrainConfig
from train.data import Examples
from train.evaluate import encode_all
from train.evaluation.captions import likelihood, write_all
from train.metrics.captions import caption_values
from train.metrics.uncertainty import bootstrap_error, bootstrap_of

FILE = "corrections.json"
STAGES = ("captions",)  # a person corrected words, so that pictures and search stay as they were
LR, EPOCHS = 1e-4, 5.0  # more of either makes held-out captions less likely again; see LOG.md
STEPS_AN_EPOCH = 8  # at least, where there are enough pictures
FIGURES = ("caption_loss", "caption_accuracy", "cider")


def adapted(training: TrainConfig, count: int) -> TrainConfig:
    """Return how a finished model learns a few captions: gently, in small batches, and with the
    joint embedding left alone, so that search stays as good as it was."""
    stage = training.stages["captions"]
    batch = min(stage.batch, max(2, count // STEPS_AN_EPOCH))
    steps = round(EPOCHS * max(1, count // batch))
    gentle = dataclasses.replace(
        stage, batch=batch, lr=LR, epochs=EPOCHS, warmup=max(1, steps // 10)
    )
    stages = training.stages | {"captions": gentle}
    return dataclasses.replace(training, alignment_weight=0.0, stages=stages)


@torch.inference_mode()
def measured(model: MultimodalModel, held_out: Examples) -> list[dict[str, Any]]:
    """Return for each picture held out what the model writes, and how likely the accepted caption
    is to it: nats, right tokens, tokens, CIDEr."""
    device = next(model.parameters()).device
    model.eval().to("cpu")
    z = encode_all(model, held_out)
    nats, right, tokens = likelihood(model, z, held_out.captions)
    written = write_all(model, z)
    cider = caption_values(written, held_out.captions).cider
    model.to(device)
    columns = zip(written, nats.tolist(), right.tolist(), tokens.tolist(), cider, strict=True)
    return [
        {"caption": text, "nats": n, "right": r, "tokens": t, "cider": float(c)}
        for text, n, r, t, c in columns
    ]


def begin(out: Path, model: MultimodalModel, train: Examples, held_out: Examples) -> dict[str, Any]:
    """Measure the start; keep it picture by picture, and return its figures."""
    rows = [
        {"id": row["id"], "accepted": row["caption"], "before": before}
        for row, before in zip(held_out.rows, measured(model, held_out), strict=True)
    ]
    _write(out, rows)
    return {
        "accepted": len(train) + len(held_out),
        "learnt_from": len(train),
        "held_out": len(held_out),
        "before": _figures([row["before"] for row in rows]),
    }


def check_same(out: Path, held_out: Examples) -> None:
    """Raise DataError where a run began with other captions held out than these."""
    if [row["accepted"] for row in _read(out)] != held_out.captions:
        raise DataError(
            f"{out} began with other accepted captions than these; name another folder for them."
        )


def finish(
    out: Path, model: MultimodalModel, held_out: Examples, begun: dict[str, Any]
) -> dict[str, Any]:
    """Measure again; return the figures before and after, and how they changed, each with the
    standard error of the change (bootstrap over the pictures held out)."""
    rows = _read(out)
    for row, after in zip(rows, measured(model, held_out), strict=True):
        row["after"] = after
    _write(out, rows)
    first, last = [row["before"] for row in rows], [row["after"] for row in rows]
    return begun | {"after": _figures(last), "change_error": _errors(first, last)}


def told(found: dict[str, Any]) -> str:
    """Return the figures as lines of text."""
    lines = [
        f"{found['held_out']} accepted captions were held out, "
        f"{found['learnt_from']} were learnt from:"
    ]
    for name in FIGURES:
        before, after, error = (found[key][name] for key in ("before", "after", "change_error"))
        change = f"{after - before:+.4f} ± {error:.4f}"
        lines.append(f"{name:>24} {before:.4f} before, {after:.4f} after ({change})")
    if found["after"]["caption_loss"] > found["before"]["caption_loss"]:
        lines.append("The accepted captions became less likely: keep the model it began with.")
    return "\n".join(lines)


def _read(out: Path) -> list[dict[str, Any]]:
    return list(json.loads((out / FILE).read_text(encoding="utf-8")))


def _write(out: Path, rows: list[dict[str, Any]]) -> None:
    text = json.dumps(rows, indent=1, ensure_ascii=False)
    (out / FILE).write_text(text + "\n", encoding="utf-8")


def _column(rows: list[dict[str, Any]], name: str) -> np.ndarray:
    return np.array([row[name] for row in rows], np.float64)


def _figures(rows: list[dict[str, Any]]) -> dict[str, float]:
    nats, right, tokens, cider = (
        _column(rows, name) for name in ("nats", "right", "tokens", "cider")
    )
    total = tokens.sum()
    values = (nats.sum() / total, right.sum() / total, cider.mean())
    return {name: float(value) for name, value in zip(FIGURES, values, strict=True)}


def _errors(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> dict[str, float]:
    """Return the standard error of each change; both sides are of the same pictures."""
    tokens = _column(before, "tokens")

    def error(name: str) -> float:
        moved = _column(after, name) - _column(before, name)
        return bootstrap_of(lambda rows: float(moved[rows].sum() / tokens[rows].sum()), len(moved))

    cider = bootstrap_error(_column(after, "cider") - _column(before, "cider"))
    return dict(zip(FIGURES, (error("nats"), error("right"), cider), strict=True))
