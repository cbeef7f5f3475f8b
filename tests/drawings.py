"""Draws small scenes with captions that are true of them: data for tests that need no scan."""

from __future__ import annotations

import json
import random
from pathlib import Path

from PIL import Image, ImageDraw

SHAPES = ("circle", "square", "tower", "hill")
SIDES = {"left": 0.25, "middle": 0.5, "right": 0.75}


def draw(shape: str, side: str, dark: bool, size: tuple[int, int] = (96, 80)) -> Image.Image:
    """Return a hatched shape at one side of white paper."""
    image = Image.new("L", size, 255)
    pen = ImageDraw.Draw(image)
    x, y, r = SIDES[side] * size[0], size[1] / 2, size[1] / 5
    outline = {
        "circle": lambda: pen.ellipse((x - r, y - r, x + r, y + r), outline=0, width=2),
        "square": lambda: pen.rectangle((x - r, y - r, x + r, y + r), outline=0, width=2),
        "tower": lambda: pen.rectangle(
            (x - r / 2, y - 2 * r, x + r / 2, y + r), outline=0, width=2
        ),
        "hill": lambda: pen.polygon(
            [(x - 2 * r, y + r), (x, y - r), (x + 2 * r, y + r)], outline=0
        ),
    }
    outline[shape]()
    for step in range(0, int(2 * r), 3 if dark else 7):
        pen.line((x - r, y - r + step, x + r, y - r + step), fill=0)
    return image


def write_folder(folder: Path, counts: dict[str, int], seed: int = 0) -> Path:
    """Write an imagefolder with metadata.jsonl for each split."""
    rng = random.Random(seed)
    for split, count in counts.items():
        (folder / split).mkdir(parents=True)
        lines = []
        for index in range(count):
            shape, side, dark = rng.choice(SHAPES), rng.choice(list(SIDES)), rng.random() < 0.5
            name = f"{split}-{index:03d}.png"
            draw(shape, side, dark, (rng.randint(70, 110), rng.randint(70, 110))).save(
                folder / split / name
            )
            caption = f"a {'dark' if dark else 'light'} {shape} stands at the {side} of the paper"
            facts = {
                "subject": shape,
                "technique": "woodcut" if dark else "outline",
                "printed": shape.upper(),
            }
            lines.append(
                json.dumps({"file_name": name, "caption": caption, **facts, "year": 1800 + index})
            )
        (folder / split / "metadata.jsonl").write_text("\n".join(lines) + "\n")
    return folder
