"""Measures how often captions are right, by how sure the model is of them.

A caption counts as right where it names at least one thing that the person named who described the
same picture (words by their stems, stop words left out). Each picture's neighbours are training
pictures alone, so that no other picture of its own book speaks for it.

Shapes: N captions, F features.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from torch import Tensor
from tqdm import tqdm

from engrave.calibration import UNSURE, Bin, Calibration
from engrave.checkpoint import from_pretrained
from engrave.collection import Collection
from engrave.config import BEAMS
from engrave.errors import DataError
from engrave.model.multimodal import MultimodalModel
from engrave.words import supported
from train.data import load
from train.evaluate import encode_all, latents_file
from train.evaluation.subject import BATCH
from train.metrics.captions import caption_values

CANDIDATES, NEAREST, BINS, FOLDS = 3, 5, 10, 10
LEAST = 60  # pictures: fewer bins than that many captions tell nothing


@dataclass(frozen=True)
class Told:
    """The captions of a split: what is known of each (N, F) and how right it is (N,)."""

    features: np.ndarray
    words: np.ndarray
    cider: np.ndarray


@torch.inference_mode()
def calibrate(
    model_folder: Path, collection: Path, data: Path, split: str, out: Path, cache: Path | None
) -> Calibration:
    """Caption a split, compare with what a person wrote, and keep the curve."""
    model = from_pretrained(model_folder)
    examples = load(data, split, model.config.side_px, cache)
    if len(examples) < LEAST:
        raise DataError(f"{data} has {len(examples)} pictures in {split}; {LEAST} are needed.")
    z = encode_all(model, examples, latents_file(cache, split, model_folder))
    best = best_captions(model, z)
    neighbours = nearest_captions(Collection.load(collection), model.embed(z).numpy())
    told = _told(best, neighbours, examples.captions)
    found = fitted(told, model.facts.get("version", ""), Path(data).name, split)
    found.save(out)
    return found


def best_captions(model: MultimodalModel, z_NL: Tensor) -> list[tuple[str, float, float]]:
    """Return the most probable of a few captions, its probability and its match, as in the app."""
    found = []
    for part in tqdm(z_NL.split(BATCH), desc="captions", leave=False):
        ids = model.captioner.write(
            *model.split(part), beams=BEAMS, candidates=CANDIDATES, max_tokens=40,
            early_stopping=True,
        )  # fmt: skip
        texts = [model.caption_pieces.decode(row.tolist()) for row in ids]
        matches = model.embed_text(texts) @ model.embed(part).T
        for row in range(len(part)):
            own = texts[row * CANDIDATES : (row + 1) * CANDIDATES]
            scores = model.token_scores(part[row : row + 1], own)
            means = [sum(nats) / len(nats) for nats in scores]
            best = int(np.argmax(means))
            match = float(matches[row * CANDIDATES + best, row])
            found.append((own[best], means[best], match))
    return found


def nearest_captions(collection: Collection, embeddings_NE: np.ndarray) -> list[list[str]]:
    """Return the captions of the nearest training engravings of each picture."""
    rows = [row for row, item in enumerate(collection.items) if item.split == "train"]
    if not rows:
        raise DataError("The collection holds no training engravings to compare with.")
    similarity = embeddings_NE @ np.asarray(collection.embeddings[rows], np.float32).T
    order = np.argsort(-similarity, axis=1)[:, :NEAREST]
    return [[collection.items[rows[at]].caption for at in line] for line in order]


def _told(
    best: list[tuple[str, float, float]], neighbours: list[list[str]], true: list[str]
) -> Told:
    features = [
        (nats, match, supported(text, near))
        for (text, nats, match), near in zip(best, neighbours, strict=True)
    ]
    texts = [text for text, _, _ in best]
    words = [supported(text, [other]) for text, other in zip(texts, true, strict=True)]
    return Told(np.array(features), np.array(words), caption_values(texts, true).cider)


def fitted(told: Told, version: str, data: str, split: str) -> Calibration:
    """Return the regression over all captions; its curve is of those that each fold left out."""
    right = told.words > 0
    if right.all() or not right.any():
        raise DataError("All captions are right, or none; there is nothing to tell apart.")
    regression = LogisticRegression(C=1.0)
    held_out = cross_val_predict(regression, told.features, right, cv=FOLDS, method="predict_proba")
    confidence = held_out[:, 1]
    regression.fit(told.features, right)
    bins = tuple(_bin(told, confidence, rows) for rows in _alike(confidence))
    total = sum(one.count for one in bins)
    return Calibration(
        model_version=version,
        data=data,
        split=split,
        pictures=len(right),
        bias=float(regression.intercept_[0]),
        weights=tuple(float(weight) for weight in regression.coef_[0]),
        threshold=UNSURE,
        error=sum(one.count * abs(one.confidence - one.right) for one in bins) / total,
        area=float(roc_auc_score(right, confidence)),
        unsure=float((confidence < UNSURE).mean()),
        bins=bins,
    )


def _alike(confidence: np.ndarray) -> list[np.ndarray]:
    return np.array_split(np.argsort(confidence, kind="stable"), BINS)


def _bin(told: Told, confidence: np.ndarray, rows: np.ndarray) -> Bin:
    return Bin(
        confidence=float(confidence[rows].mean()),
        right=float((told.words[rows] > 0).mean()),
        words=float(told.words[rows].mean()),
        cider=float(told.cider[rows].mean()),
        count=len(rows),
    )


def as_table(found: Calibration) -> str:
    """Return the curve as lines of text."""
    head = f"{'confidence':>10} {'right':>7} {'words':>7} {'CIDEr':>7} {'captions':>9}"
    lines = [
        f"{one.confidence:>10.3f} {one.right:>7.3f} {one.words:>7.3f} {one.cider:>7.3f} "
        f"{one.count:>9}"
        for one in found.bins
    ]
    foot = (
        f"error {found.error:.3f}, area under the ROC curve {found.area:.3f}; "
        f"{found.unsure:.1%} of {found.pictures} captions are below {found.threshold:.2f}"
    )
    return "\n".join([head, *lines, foot])
