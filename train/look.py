"""Draws sheets of what the model makes, good and bad alike; no scan is on any of them.

Shapes: N pictures, L width of the latent.
"""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from engrave import marks
from engrave.checkpoint import from_pretrained
from engrave.model.multimodal import MultimodalModel
from engrave.model.pixels import to_image
from engrave.model.ways import walk_latents
from train.data import Examples, load
from train.evaluate import PRIOR_STEPS, encode_all
from train.evaluation.captions import read_all, write_all
from train.evaluation.generation import Making, leaned_on
from train.evaluation.subject import drawn, sampled

PROMPTS = (
    "a ship in full sail on a rough sea", "a portrait of an old man with a beard",
    "a castle on a hill above a river", "a bird sits on a branch",
    "a woman in a long dress stands in a room", "a large ornate initial letter with leaves",
    "a horse and rider gallop past trees", "a church with a tall tower in a town",
    "a map of the stars", "a fish with long fins", "soldiers fight around a cannon",
    "a flower with broad leaves", "a steam engine with a large wheel",
    "an ancient statue of a man", "children play before a house", "a mountain above a lake",
)  # fmt: skip
SEEDS = (1, 2, 3, 4)
REDRAWN, CAPTIONED, WALKS, FRAMES = 16, 40, 4, 8
SHARES = [index / (FRAMES - 1) for index in range(FRAMES)]
CELL_PX, LABEL_PX, GAP_PX = 160, 18, 4
QUALITY = 82


@torch.inference_mode()
def look(
    model_folder: Path, data: Path, split: str, out: Path, cache: Path | None = None
) -> list[Path]:
    """Write the sheets and a page of captions, and return their paths."""
    model = from_pretrained(model_folder)
    examples = sampled(load(data, split, model.config.side_px, cache), CAPTIONED)
    z = encode_all(model, examples)
    out.mkdir(parents=True, exist_ok=True)
    sheets = {
        "generated": _generated(model, data, cache),
        "generated-from-noise": _from_noise(model),
        "reconstructions": _redrawn(model, examples, z),
        "walks": _walks(model, examples, z),
    }
    for name, sheet in sheets.items():
        facts = {"prompt": name, "model_version": model.facts.get("version", "")}
        (out / f"{name}.webp").write_bytes(marks.webp(sheet, facts, QUALITY))
    (out / "captions.md").write_text(_captions(model, examples, z), encoding="utf-8")
    return [*(out / f"{name}.webp" for name in sheets), out / "captions.md"]


def _generated(model: MultimodalModel, data: Path, cache: Path | None) -> Image.Image:
    """As in the app: each layout leans on an engraving that fits the text, one of 600."""
    known = encode_all(model, sampled(load(data, "train", model.config.side_px, cache)))
    making, text = Making(model, PRIOR_STEPS), read_all(model, list(PROMPTS))
    rows = [
        making.draw(text, seed=seed, lean_NL=leaned_on(model, text, known, seed)) for seed in SEEDS
    ]
    return _prompted(model, rows)


def _from_noise(model: MultimodalModel) -> Image.Image:
    """From the priors alone."""
    making, text = Making(model, PRIOR_STEPS), read_all(model, list(PROMPTS))
    return _prompted(model, [making.draw(text, seed=seed) for seed in SEEDS])


def _prompted(model: MultimodalModel, rows: list[Tensor]) -> Image.Image:
    pictures = [pictures_from(model, z) for z in rows]
    groups = [(prompt, [row[k] for row in pictures]) for k, prompt in enumerate(PROMPTS)]
    return labelled_sheet(groups, across=2)


def _redrawn(model: MultimodalModel, examples: Examples, z: Tensor) -> Image.Image:
    pictures = pictures_from(model, z[:REDRAWN])
    groups = [(row["id"], [p]) for row, p in zip(examples.rows, pictures, strict=False)]
    return labelled_sheet(groups, across=8)


def _walks(model: MultimodalModel, examples: Examples, z: Tensor) -> Image.Image:
    groups = []
    for k in range(min(WALKS, len(z) // 2)):
        ends = 2 * k, 2 * k + 1
        path = walk_latents(model, z[ends[0]], z[ends[1]], shares=SHARES, steps=PRIOR_STEPS)
        label = " to ".join(examples.rows[end]["id"] for end in ends)
        groups.append((f"{label}, through the prior", pictures_from(model, path)))
    return labelled_sheet(groups, across=1)


def _captions(model: MultimodalModel, examples: Examples, z: Tensor) -> str:
    lines = ["| engraving | the model's caption | the describer's |", "|---|---|---|"]
    for row, text in zip(examples.rows, write_all(model, z), strict=True):
        lines.append(f"| {row['id']} | {text} | {row['caption']} |")
    return "\n".join(lines) + "\n"


def pictures_from(model: MultimodalModel, z: Tensor) -> list[Image.Image]:
    """Return the pictures of latents (N, L)."""
    return [to_image(picture) for part in drawn(model, z) for picture in part]


def labelled_sheet(groups: list[tuple[str, list[Image.Image]]], across: int) -> Image.Image:
    """Lay groups of pictures out in rows, each group under its label."""
    most = max(len(pictures) for _, pictures in groups)
    width, height = most * (CELL_PX + GAP_PX) + GAP_PX, CELL_PX + LABEL_PX + GAP_PX
    num_rows = -(-len(groups) // across)
    sheet = Image.new("L", (across * width, num_rows * height + GAP_PX), 255)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for index, (label, pictures) in enumerate(groups):
        top, left = index // across * height, index % across * width + GAP_PX
        while label and pen.textlength(label, font=font) > width - GAP_PX:
            label = label[:-1]
        pen.text((left, top + 2), label, fill=0, font=font)
        for column, picture in enumerate(pictures):
            place = (left + column * (CELL_PX + GAP_PX), top + LABEL_PX)
            sheet.paste(picture.resize((CELL_PX, CELL_PX), Image.Resampling.LANCZOS), place)
    return sheet
