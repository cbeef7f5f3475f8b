"""Measures a model on one split, with the trivial baselines beside it, in one run.

Shapes: N pictures, L width of the latent, E width of the embedding.
"""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from engrave.checkpoint import from_pretrained
from engrave.config import BEAMS
from engrave.model.multimodal import MultimodalModel
from train.data import Examples, load, save_array
from train.metrics.baselines import Components, most_frequent, nearest_rows, small, thumbnail
from train.metrics.captions import caption_scores
from train.metrics.pictures import edge_energy, reduced, squared_error
from train.metrics.retrieval import ranks, recall_at
from train.metrics.uncertainty import bootstrap_error
from train.stages.base import effective_rank

BATCH = 32
PCA_COMPONENTS = 1024


@dataclass
class Sheet:
    """Figures under flat names, each with its uncertainty where it has one."""

    figures: dict[str, float] = field(default_factory=dict)

    def mean(self, name: str, values: Tensor | np.ndarray) -> None:
        """Enter the mean of values (N,) and its standard error."""
        array = np.asarray(values, np.float64)
        self.figures[name] = float(array.mean())
        self.figures[f"{name}_error"] = bootstrap_error(array)

    def put(self, prefix: str, values: dict[str, float]) -> None:
        self.figures |= {f"{prefix}{name}": float(value) for name, value in values.items()}


@torch.inference_mode()
def evaluate(
    model_folder: Path, data: Path, split: str, out: Path | None, cache: Path | None
) -> dict[str, float]:
    """Measure, print a table, and write the figures as flat JSON."""
    model = from_pretrained(model_folder)
    examples = load(data, split, model.config.side_px, cache)
    train = load(data, "train", model.config.side_px, cache)
    sheet = Sheet()
    z = encode_all(model, examples, latents_file(cache, split, model_folder))
    z_train = encode_all(model, train, latents_file(cache, "train", model_folder))
    _captions(sheet, model, examples, train, z, z_train)
    _pictures(sheet, model, examples, train, z)
    _search(sheet, model, examples, z)
    _latent(sheet, model, z)
    if out is not None:
        page: dict[str, Any] = {
            "model": model.facts.get("version", ""),
            "split": split,
            "data": Path(data).name,
        }
        page |= {
            "pictures": len(examples),
            "weights_sha256": fingerprint(model_folder),
            **sheet.figures,
        }
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(page, indent=1) + "\n", encoding="utf-8")
    return sheet.figures


def fingerprint(folder: Path) -> str:
    """Return the SHA-256 of all weight files in order."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def pictures_of(examples: Examples, start: int) -> Tensor:
    """Return a batch (B, 1, S, S) in [-1, 1]."""
    part = np.array(examples.pictures[start : start + BATCH])
    return torch.from_numpy(part).float()[:, None] / 127.5 - 1.0


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


def write_all(model: MultimodalModel, z_NL: Tensor) -> list[str]:
    """Return a caption for each latent, by beam search."""
    parts = tqdm(z_NL.split(BATCH), desc="captions", leave=False)
    return [text for part in parts for text in model.describe_batch(part, num_beams=BEAMS)]


def likelihood(
    model: MultimodalModel, z_NL: Tensor, captions: list[str]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return for each picture nats, right tokens and tokens (N,); padding never counts."""
    ids = model.caption_pieces.batch(captions, model.config.max_tokens)
    nats, right, count = [], [], []
    for z, target in zip(z_NL.split(BATCH), ids.split(BATCH), strict=True):
        logits = model.captioner(*model.split(z), target)
        wanted, mask = target[:, 1:], target[:, 1:] != 0
        loss = F.cross_entropy(logits.transpose(1, 2), wanted, reduction="none") * mask
        nats.append(loss.sum(1))
        right.append(((logits.argmax(-1) == wanted) & mask).sum(1))
        count.append(mask.sum(1))
    return torch.cat(nats), torch.cat(right), torch.cat(count)


def _captions(
    sheet: Sheet,
    model: MultimodalModel,
    examples: Examples,
    train: Examples,
    z: Tensor,
    z_train: Tensor,
) -> None:
    wanted = examples.captions
    nats, right, count = likelihood(model, z, wanted)
    letters = sum(len(text.encode()) for text in wanted)
    sheet.figures["caption_loss"] = float(nats.sum() / count.sum())
    sheet.figures["caption_accuracy"] = float(right.sum() / count.sum())
    sheet.figures["caption_accuracy_error"] = bootstrap_error((right / count).numpy())
    sheet.figures["bits_per_byte"] = float(nats.sum() / np.log(2) / letters)
    shuffled = z[torch.randperm(len(z), generator=torch.Generator().manual_seed(0))]
    nats, right, count = likelihood(model, shuffled, wanted)
    sheet.figures["shuffled_caption_accuracy"] = float(right.sum() / count.sum())
    sheet.put("", caption_scores(write_all(model, z), wanted))
    rows = nearest_rows(model.embed(z), model.embed(z_train))
    sheet.put("nn_", caption_scores([train.rows[row]["caption"] for row in rows], wanted))
    draw = random.Random(0)
    sheet.put("random_", caption_scores([draw.choice(train.captions) for _ in wanted], wanted))
    sheet.put("frequent_", caption_scores([most_frequent(train.captions)] * len(wanted), wanted))


def _pictures(
    sheet: Sheet, model: MultimodalModel, examples: Examples, train: Examples, z: Tensor
) -> None:
    errors: dict[str, list[Tensor]] = {
        "image_mse": [],
        "image_mse_64": [],
        "shuffled_layout_mse": [],
    }
    drawn_edges, real_edges = [], []
    for start, part in zip(range(0, len(z), BATCH), z.split(BATCH), strict=True):
        real, drawn = pictures_of(examples, start), model.decode(part)
        errors["image_mse"].append(squared_error(drawn, real))
        errors["image_mse_64"].append(squared_error(reduced(drawn, 64), reduced(real, 64)))
        meaning, layout = model.split(part)
        errors["shuffled_layout_mse"].append(
            squared_error(model.decode(model.join(meaning, layout.roll(1, 0))), real)
        )
        drawn_edges.append(edge_energy(drawn))
        real_edges.append(edge_energy(real))
    for name, parts in errors.items():
        sheet.mean(name, torch.cat(parts))
    sheet.figures["sharpness"] = float(torch.cat(drawn_edges).mean() / torch.cat(real_edges).mean())
    seen, wanted = small(train.pictures), small(examples.pictures)
    kept = Components.fit(seen, PCA_COMPONENTS)
    for name, redrawn in (
        ("pca_mse_64", kept.redraw(wanted)),
        ("thumbnail_mse_64", thumbnail(wanted)),
        ("mean_mse_64", seen.mean(0).expand_as(wanted)),
    ):
        sheet.mean(name, (redrawn - wanted).pow(2).mean(dim=(1, 2)))


def _search(sheet: Sheet, model: MultimodalModel, examples: Examples, z: Tensor) -> None:
    seen = model.embed(z)
    read = torch.cat(
        [model.embed_text(examples.captions[i : i + 64]) for i in range(0, len(examples), 64)]
    )
    for name, found in (("t2i", ranks(read, seen)), ("i2t", ranks(seen, read))):
        for k in (1, 5, 10):
            sheet.figures[f"{name}_r{k}"] = recall_at(found, k)
            sheet.figures[f"{name}_r{k}_error"] = bootstrap_error((found < k).numpy())
    sheet.figures["candidates"] = float(len(examples))
    sheet.figures["chance_r1"] = 1 / len(examples)
    sheet.figures["chance_r10"] = min(1.0, 10 / len(examples))
    sheet.mean("clip_like_match", (seen * read).sum(1))


def _latent(sheet: Sheet, model: MultimodalModel, z: Tensor) -> None:
    meaning, layout = model.split(z)
    cosine = F.normalize(z, dim=-1) @ F.normalize(z, dim=-1).T
    sheet.put(
        "latent_",
        {
            "mean": float(z.mean()),
            "std": float(z.std()),
            "norm": float(z.norm(dim=-1).mean()),
            "min": float(z.min()),
            "max": float(z.max()),
            "off_pair_cosine": float((cosine.sum() - cosine.trace()) / (len(z) * (len(z) - 1))),
            "effective_rank": effective_rank(z),
            "effective_rank_meaning": effective_rank(meaning),
            "effective_rank_layout": effective_rank(layout.flatten(1)),
        },
    )


TABLE = (
    ("captions: right tokens", ("caption_accuracy",), ("shuffled_caption_accuracy",)),
    ("captions: CIDEr", ("cider",), ("nn_cider", "random_cider", "frequent_cider")),
    ("captions: BLEU-4", ("bleu4",), ("nn_bleu4", "random_bleu4", "frequent_bleu4")),
    ("captions: distinct share", ("distinct_share",), ("nn_distinct_share",)),
    ("reconstruction: error at 256 px", ("image_mse",), ("shuffled_layout_mse",)),
    (
        "reconstruction: error at 64 px",
        ("image_mse_64",),
        ("pca_mse_64", "thumbnail_mse_64", "mean_mse_64"),
    ),
    ("reconstruction: sharpness", ("sharpness",), ()),
    ("search: recall at 1, text to image", ("t2i_r1",), ("chance_r1",)),
    ("search: recall at 10, text to image", ("t2i_r10",), ("chance_r10",)),
)


def table(figures: dict[str, float]) -> str:
    """Return the figures beside their baselines, as Markdown."""
    lines = ["| figure | model | beside it |", "|---|---|---|"]
    for title, own, others in TABLE:
        beside = ", ".join(f"{name} {figures[name]:.4f}" for name in others)
        error = figures.get(f"{own[0]}_error")
        lines.append(
            f"| {title} | {figures[own[0]]:.4f}{f' ± {error:.4f}' if error else ''} | {beside} |"
        )
    return "\n".join(lines)
