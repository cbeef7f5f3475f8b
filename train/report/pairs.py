"""Ten sample pictures with their captions, and the run's sheets, as data URIs."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path

from PIL import Image

from train.report.blocks import Picture

MOST = 10
SIDE_PX = 256
SHEET_PX = 900
CAPTIONS = ("caption", "text", "description")


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
            found.append(Picture(data_uri(folder / name, SIDE_PX), caption))
        if len(found) == MOST:
            break
    return found


def sheets(folder: Path) -> list[Picture]:
    """Return the last sheet of samples of each stage: `stage-step.png`."""
    last: dict[str, Path] = {}
    for path in sorted(folder.glob("*.png")):
        last[path.stem.rsplit("-", 1)[0]] = path
    return [Picture(data_uri(path, SHEET_PX), path.stem) for path in last.values()]


def data_uri(path: Path, side_px: int) -> str:
    """Return a picture, reduced to that side, as a JPEG in a data URI."""
    with Image.open(path) as image:
        small = image.convert("RGB" if image.mode not in ("L", "1") else "L")
        small.thumbnail((side_px, side_px))
        held = BytesIO()
        small.save(held, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode()
