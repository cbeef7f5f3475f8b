"""Keeps what a run drew: its sheets without any scan, and ten pictures with the model's captions.

Shapes: N pictures, L width of the latent.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from engrave import marks
from engrave.model.multimodal import MultimodalModel
from train.evaluate import PRIOR_STEPS
from train.evaluation.captions import read_all, write_all
from train.evaluation.generation import Making, leaned_on
from train.look import PROMPTS, pictures_from
from train.report.pairs import MOST as PAIRS
from train.report.pairs import without_scans

SHEETS = 6  # of a stage, evenly taken, first and last among them
SHEET_PX = 1050
PAIR_PX = 256
QUALITY = 80
SEED = 1  # the first one: nothing was picked by its looks


def keep_sheets(run: Path, folder: Path) -> None:
    """Write the sheets of a run to a folder in place of those that lie there."""
    shutil.rmtree(folder, ignore_errors=True)
    stages: dict[str, list[Path]] = {}
    for path in sorted((run / "samples").glob("*.png")):
        stages.setdefault(path.stem.rpartition("-")[0], []).append(path)
    for paths in stages.values():
        for path in evenly(paths, SHEETS):
            with Image.open(path) as sheet:
                small = without_scans(sheet, path.stem)
            small.thumbnail((SHEET_PX, SHEET_PX), Image.Resampling.LANCZOS)
            folder.mkdir(parents=True, exist_ok=True)
            data = marks.webp(small, {"prompt": path.stem}, QUALITY)
            (folder / f"{path.stem}.webp").write_bytes(data)


def evenly(paths: list[Path], most: int) -> list[Path]:
    """Return at most that many, evenly taken, first and last among them."""
    if len(paths) <= most:
        return paths
    places = torch.linspace(0, len(paths) - 1, most).round().int().tolist()
    return [paths[place] for place in places]


@torch.inference_mode()
def write_pairs(model: MultimodalModel, known_NL: Tensor, folder: Path) -> None:
    """Draw ten engravings from texts, as the app does, and write them as an imagefolder with the
    model's own captions; good and bad alike."""
    prompts = list(PROMPTS[:PAIRS])
    text = read_all(model, prompts)
    lean = leaned_on(model, text, known_NL, SEED)
    z = Making(model, PRIOR_STEPS).draw(text, seed=SEED, lean_NL=lean)
    pictures = pictures_from(model, z)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rows = []
    for place, (picture, prompt, caption) in enumerate(
        zip(pictures, prompts, write_all(model, z), strict=True)
    ):
        name = f"{place:02d}.webp"
        made = {"made_by": model.facts.get("version", "the model"), "seed": SEED}
        facts = {"prompt": prompt, "seed": str(SEED), "model_version": str(made["made_by"])}
        data = marks.webp(picture.resize((PAIR_PX, PAIR_PX)), facts, QUALITY)
        (folder / name).write_bytes(data)
        rows.append({"file_name": name, "caption": caption, "prompt": prompt} | made)
    text_of = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "metadata.jsonl").write_text(text_of, encoding="utf-8")
