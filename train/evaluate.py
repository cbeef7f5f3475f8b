"""Measures a model on one split, with the trivial baselines beside it, in one run.

Shapes: N pictures, L width of the latent.
"""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from engrave.checkpoint import from_pretrained
from engrave.errors import DataError
from engrave.model.graphs import hastened
from engrave.model.multimodal import MultimodalModel
from train.data import Examples, load, save_array
from train.evaluation.captions import measure_captions, measure_train_captions
from train.evaluation.generation import measure_generation
from train.evaluation.latent import measure_latent
from train.evaluation.pictures import (
    measure_broken_pictures,
    measure_picture_baselines,
    measure_pictures,
)  # fmt: skip
from train.evaluation.search import measure_search
from train.evaluation.sheet import Sheet
from train.evaluation.subject import BATCH, Held, Subject, pictures_of, sampled
from train.evaluation.table import table
from train.evaluation.walks import measure_walks
from train.metrics.frozen import FrozenEyes
from train.metrics.matching import FrozenEars, load_evaluator

__all__ = ["encode_all", "evaluate", "fingerprint", "latents_file", "table"]
EVALUATOR = Path(__file__).resolve().parents[1] / "assets" / "training" / "evaluator"
PRIOR_STEPS = 20  # as in the app


@torch.inference_mode()
def evaluate(
    model_folder: Path,
    data: Path,
    split: str,
    out: Path | None,
    cache: Path | None,
    *,
    evaluator: Path = EVALUATOR,
    steps: int = PRIOR_STEPS,
) -> dict[str, float]:
    """Measure, and write the figures as flat JSON."""
    start = time.monotonic()
    subject = read_subject(model_folder, data, split, cache, evaluator)
    sheet = Sheet()
    measure_all(sheet, subject, data, steps)
    if out is not None:
        judge = subject.evaluator
        page: dict[str, Any] = {
            "model": subject.model.facts.get("version", ""),
            "split": split,
            "data": Path(data).name,
            "pictures": len(subject.held),
            "train_pictures": len(subject.sample) if subject.sample else 0,
            "weights_sha256": fingerprint(model_folder),
            "evaluator_sha256": judge.sha256,
            "seconds": round(time.monotonic() - start),
        }
        page |= {f"evaluator_{k}": v for k, v in judge.facts.items() if split in k}
        page |= sheet.figures
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(page, indent=1) + "\n", encoding="utf-8")
    return sheet.figures


def measure_all(sheet: Sheet, subject: Subject, data: Path, steps: int) -> None:
    """Enter all figures; those of the training sample bear `train_` before their name."""
    model, held, sample = subject.model, subject.held, subject.sample
    measure_captions(sheet, subject, data)
    measure_pictures(sheet, model, held)
    measure_broken_pictures(sheet, model, held)
    measure_picture_baselines(sheet, held, subject.train)
    measure_search(sheet, model, held)
    measure_latent(sheet, model, held.z)
    if sample is not None:
        measure_train_captions(sheet, model, sample)
        measure_pictures(sheet, model, sample, "train_")
        measure_search(sheet, model, sample, "train_")
    measure_generation(sheet, subject, steps)
    measure_walks(sheet, subject, steps)


def read_subject(
    model_folder: Path, data: Path, split: str, cache: Path | None, evaluator: Path
) -> Subject:
    """Read model and pictures, and look at them with the model and with the frozen eyes."""
    judge = load_evaluator(evaluator)
    (model, _), eyes = hastened(from_pretrained(model_folder)), FrozenEyes()
    side = model.config.side_px
    examples = load(data, split, side, cache)
    held = _looked_at(model, eyes, examples, latents_file(cache, split, model_folder))
    try:
        train = load(data, "train", side, cache)
    except DataError:  # a test set of somebody's own need not have training pictures
        return Subject(model, held, None, None, eyes, FrozenEars(), judge)
    sample = _looked_at(model, eyes, sampled(train), None)
    return Subject(model, held, train, sample, eyes, FrozenEars(), judge)


def _looked_at(
    model: MultimodalModel, eyes: FrozenEyes, examples: Examples, keep: Path | None
) -> Held:
    starts = tqdm(range(0, len(examples), BATCH), desc="frozen eyes", leave=False)
    seen = eyes.see_all(pictures_of(examples, start) for start in starts)
    return Held(examples, encode_all(model, examples, keep), seen)


def fingerprint(folder: Path) -> str:
    """Return the SHA-256 of all weight files in order."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def encode_all(model: MultimodalModel, examples: Examples, keep: Path | None = None) -> Tensor:
    """Return the latents (N, L) of all pictures; `keep` spares a second reading."""
    if keep is not None and keep.is_file():
        return torch.from_numpy(np.load(keep))
    starts = tqdm(range(0, len(examples), BATCH), desc="reading", leave=False)
    z = torch.cat([model.encode(pictures_of(examples, start)) for start in starts])
    if keep is not None:
        save_array(keep, lambda path: np.save(path, z.numpy()))
    return z


def latents_file(cache: Path | None, split: str, model_folder: Path) -> Path | None:
    """Return where the latents of a split are kept for exactly these weights."""
    return cache and cache / f"evaluated-{split}-{fingerprint(model_folder)[:12]}.npy"
