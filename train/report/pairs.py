"""Ten sample pictures with their captions, and the run's sheets, as data URIs."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from train.report.blocks import Picture

MOST = 10
SIDE_PX = 256
SHEET_PX = 900
CAPTIONS = ("caption", "text", "description")
SCANS_ABOVE = "autoencoder"  # the stage whose sheets show the real pictures in their upper half
ENDINGS = (".png", ".webp")


def sample_pairs(folder: Path) -> list[Picture]:
    """Return up to ten pictures of an imagefolder (metadata.jsonl) with their captions."""
    table = folder / "metadata.jsonl"
    if not table.is_file():
        return []
    found = []
    for line in table.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        name = Path(str(row.get("file_name", ""))).name
        caption = next((str(row[key]) for key in CAPTIONS if row.get(key)), "")
        if caption and (folder / name).is_file():
            found.append(Picture(data_uri(folder / name, SIDE_PX), caption + _origin(row)))
        if len(found) == MOST:
            break
    return found


def _origin(row: dict[str, Any]) -> str:
    """Say what a picture was asked for, and that it was made."""
    asked = f" (asked for: {row['prompt']})" if row.get("prompt") else ""
    return f"{asked} (drawn by {row['made_by']})" if row.get("made_by") else asked


def sheets(folder: Path) -> list[Picture]:
    """Return the last sheet of samples of each stage, `stage-step.png`, without any scan."""
    last: dict[str, Path] = {}
    for path in sorted(path for path in folder.glob("*") if path.suffix in ENDINGS):
        last[path.stem.rsplit("-", 1)[0]] = path
    return [Picture(data_uri(path, SHEET_PX), path.stem) for path in last.values()]


def without_scans(sheet: Image.Image, stem: str) -> Image.Image:
    """Return a sheet as the run saved it without its row of real pictures."""
    width, height = sheet.size
    return (
        sheet.crop((0, height // 2, width, height)) if _shows_scans(sheet, stem) else sheet.copy()
    )


def _shows_scans(sheet: Image.Image, stem: str) -> bool:
    """A sheet that was published has lost its scans already."""
    return stem.startswith(SCANS_ABOVE) and sheet.format == "PNG"


def data_uri(path: Path, side_px: int) -> str:
    """Return a picture, reduced to that side, as a JPEG in a data URI."""
    with Image.open(path) as image:
        shown = without_scans(image, path.stem)
        small = shown.convert("RGB" if shown.mode not in ("L", "1") else "L")
        small.thumbnail((side_px, side_px))
        held = BytesIO()
        small.save(held, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode()
