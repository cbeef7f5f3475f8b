"""What the visitors of `tests.load` ask for, how often, and with what."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

TEXTS = ("a ship in a storm", "an owl on a branch", "a castle on a rock", "two men at a table")
MIX = {  # every endpoint, those most that people ask most
    "search": 12, "caption": 8, "generate": 4, "interpolate": 3, "place": 3, "cancelled walk": 2,
    "caption_batch": 2, "review_captions": 2, "export_captions": 2, "remake": 1, "vary": 1,
    "mix": 1, "pad": 0.5, "sheet": 0.5, "walk": 0.5,
}  # fmt: skip
CANCELLED = "cancelled walk"
FORMATS = ("csv", "jsonl", "texts")


@dataclass(frozen=True, slots=True)
class Things:
    """What one visitor brings: a picture, and a project with its caption."""

    picture: Any
    project: Any
    known: str  # the id of an engraving


def endpoint_of(name: str) -> str:
    """Return the endpoint behind an entry of the mix."""
    return "interpolate" if name == CANCELLED else name


def brought(client: Any, folder: Path, seed: int, known: str = "16102-0000") -> Things:
    """Draw a picture and have it captioned into a project."""
    from gradio_client import handle_file

    path, kept = folder / "a.png", folder / "a.jsonl"
    Image.effect_noise((256, 192), 20 + seed % 60).save(path)
    picture = handle_file(path)
    project, _ = client.predict(files=[picture], api_name="/caption_batch")
    place = project if isinstance(project, str) else project.get("url") or project["path"]
    if place.startswith("http"):
        kept.write_bytes(httpx.get(place, timeout=60).content)
    else:
        shutil.copyfile(place, kept)
    return Things(picture, handle_file(kept), known)


def arguments(name: str, dice: random.Random, things: Things) -> dict[str, Any]:
    """Return what an endpoint is asked with."""
    text, other = dice.choice(TEXTS), dice.choice(TEXTS)
    seed = dice.randrange(2**32)
    recipe = {"format": 1, "text": text, "seed": seed, "steps": 12}
    ends = [{"source": f"text:{text}"}, {"source": things.known}]
    made: dict[str, Callable[[], dict[str, Any]]] = {
        "search": lambda: {"text": text, "num": 24},
        "caption": lambda: {"image": things.picture, "num": 3},
        "generate": lambda: {"text": text, "num": 1, "seed": seed},
        "interpolate": lambda: _walk(text, seed, 12, things.known),
        CANCELLED: lambda: _walk(text, seed, 48, things.known),
        "place": lambda: dice.choice([{"text": text}, {"image": things.picture}]),
        "caption_batch": lambda: {"files": [things.picture], "again": True},
        "review_captions": lambda: {
            "project": things.project, "names": ["all"], "decision": "accepted",
            "reviewer": "Ada",
        },
        "export_captions": lambda: {
            "project": things.project, "format": dice.choice(FORMATS), "everything": True,
        },
        "remake": lambda: {"recipe": recipe},
        "vary": lambda: {"recipe": recipe, "num": 1},
        "mix": lambda: {"layout_of": recipe, "meaning_of": recipe | {"text": other}},
        "pad": lambda: {"recipe": recipe},
        "sheet": lambda: {"texts": f"{text}\n{other}", "seeds": 2, "seed": seed, "steps": 12},
        "walk": lambda: {
            "recipe": {"kind": "engrave walk", "format": 1, "keyframes": ends, "frames": 8},
            "files": None,
        },
    }  # fmt: skip
    return made[name]()


def _walk(text: str, seed: int, frames: int, known: str) -> dict[str, Any]:
    return {"a": f"text:{text}", "b": known, "frames": frames, "seed": seed}
