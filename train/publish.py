"""Rebuilds from a run what the app ships: the model, the collection with its map, and the worked
examples."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from PIL.Image import Image
from tqdm import tqdm

from engrave.checkpoint import from_pretrained, save_pretrained
from engrave.collection import Collection, Item, Label
from engrave.collection.mapping import umap_places
from engrave.errors import ConfigError
from engrave.model.folded import side_by_side
from engrave.model.multimodal import MultimodalModel
from engrave.model.pixels import to_image
from train.data import Examples, load
from train.evaluate import encode_all, latents_file
from train.hashes import write_hashes
from train.samples import keep_sheets, write_pairs

SPLITS = ("train", "validation")  # the test split stays unseen
CELL_PX = 96
TEXTS = (
    "id", "caption", "printed", "subject", "technique", "kind", "book", "author", "language",
)  # fmt: skip
TEST_FIGURES = "evaluation-test.json"  # only where somebody looked
BATCH = 32
MOST_LINES = 6000  # of a log that ships; a shorter one is kept whole
BETTER = {  # validation figures that decide which model is better, and the sign of better
    "cider": 1.0, "t2i_r10": 1.0, "image_mse_64": -1.0, "kid": -1.0,
}  # fmt: skip
SURE = 2.0  # standard errors that a difference must exceed


@torch.inference_mode()
def publish(run: Path, data: Path, assets: Path, *, force: bool = False) -> None:
    """Write assets/model, assets/collection and assets/training (log, figures, sheets of samples,
    ten pictures with captions); raises ConfigError when what is
    there is better."""
    evaluation = run / "evaluation.json"
    if not evaluation.is_file():
        raise ConfigError(
            f"{run} has no evaluation.json; run `python -m train evaluate` with --out {evaluation}."
        )
    _refuse_worse(evaluation, assets / "training" / "evaluation.json", force)
    model = side_by_side(from_pretrained(run / "model"))
    parts = [load(data, split, model.config.side_px, run / "cache") for split in SPLITS]
    files = [latents_file(run / "cache", split, run / "model") for split in SPLITS]
    read = [encode_all(model, part, file) for part, file in zip(parts, files, strict=True)]
    latents = torch.cat(read).half().float()
    embeddings = torch.cat([model.embed(part) for part in latents.split(256)]).numpy()
    places = umap_places(embeddings)
    items = [
        item_of(row, split, x, y) for (row, split), (x, y) in zip(_rows(parts), places, strict=True)
    ]
    label = Label(
        name="engravings", version="1", model_version=model.facts["version"], cell_px=CELL_PX
    )
    collection = Collection(items, latents=latents.numpy(), embeddings=embeddings, label=label)
    collection.save(assets / "collection", sprites(model, latents))
    write_hashes(data, assets / "collection")
    save_pretrained(model, assets / "model", model.facts)
    _copy_training(run, assets / "training")
    keep_sheets(run, assets / "training" / "samples")
    write_pairs(model, latents, assets / "training" / "pairs")
    subprocess.run(
        [sys.executable, "-m", "engrave.ui.exhibit", str(assets / "examples")], check=True
    )


def _refuse_worse(fresh: Path, shipped: Path, force: bool) -> None:
    """Raise ConfigError when more figures are surely worse than are surely better."""
    if force or not shipped.is_file():
        return
    new, old = (json.loads(path.read_text(encoding="utf-8")) for path in (fresh, shipped))
    if new.get("split") != "validation":
        raise ConfigError(
            f"{fresh} was measured on the split {new.get('split')}; models are chosen on "
            "validation: evaluate again, or add --force."
        )
    leads = {name: lead(new, old, name) for name in BETTER if name in new and name in old}
    worse = [name for name, value in leads.items() if value < -SURE]
    if len(worse) > sum(value > SURE for value in leads.values()):
        figures = ", ".join(f"{name} {old[name]:.4f} (this run: {new[name]:.4f})" for name in worse)
        raise ConfigError(
            f"The shipped model is better by {figures}; add --force to replace it all the same."
        )


def lead(new: dict[str, Any], old: dict[str, Any], name: str) -> float:
    """Return by how many standard errors the new figure is better than the old one."""
    error = math.hypot(new.get(f"{name}_error", 0.0), old.get(f"{name}_error", 0.0))
    return BETTER[name] * (new[name] - old[name]) / max(error, 1e-9)


def _rows(parts: list[Examples]) -> Iterator[tuple[dict[str, Any], str]]:
    for split, part in zip(SPLITS, parts, strict=True):
        yield from ((row, split) for row in part.rows)


def item_of(row: dict[str, Any], split: str, x: float, y: float) -> Item:
    """Return what a collection keeps of a row."""
    facts: dict[str, Any] = {name: str(row[name]) for name in TEXTS}
    facts |= {name: int(row[name]) for name in ("year", "gutenberg_id")}
    return Item(**facts, split=split, x=float(x), y=float(y))


def sprites(model: MultimodalModel, latents_NL: torch.Tensor) -> Iterator[Image]:
    """Draw each engraving anew from its latent, as a thumbnail."""
    for part in tqdm(latents_NL.split(BATCH), desc="drawing thumbnails", leave=False):
        for picture in model.decode(part):
            yield to_image(picture).resize((CELL_PX, CELL_PX))


def _copy_training(run: Path, folder: Path) -> None:
    """Keep what tells how the model was made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("evaluation.json", "run.json"):
        shutil.copy(run / name, folder / name)
    if (run / TEST_FIGURES).is_file():
        shutil.copy(run / TEST_FIGURES, folder / TEST_FIGURES)
    text = (run / "log.jsonl").read_text(encoding="utf-8")
    lines = thinned(last_account(text.splitlines()))
    (folder / "log.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def thinned(lines: list[str]) -> list[str]:
    """Keep what was measured on validation, and of the steps as many as a curve can show."""
    every = max(1, -(-len(lines) // MOST_LINES))
    return [line for i, line in enumerate(lines) if i % every == 0 or "validation_" in line]


def last_account(lines: list[str]) -> list[str]:
    """Leave out the steps that a resumed stage did anew, which a thinned log would mix with the
    first account of them."""
    stages: dict[str, list[tuple[int, str]]] = {}
    for line in lines:
        row = json.loads(line)
        held = stages.setdefault(row["stage"], [])
        # a line of held-out figures has the step of the line before it
        while held and held[-1][0] >= row["step"] and not _same_step(held[-1], row):
            held.pop()
        held.append((row["step"], line))
    return [line for held in stages.values() for _, line in held]


def _same_step(last: tuple[int, str], row: dict[str, Any]) -> bool:
    held_out = any(name.startswith("validation_") for name in row)
    return last[0] == row["step"] and held_out and "validation_" not in last[1]
