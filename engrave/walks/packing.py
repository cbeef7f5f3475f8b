"""Writes what a walk is published as: films, a track of captions, frames, a recipe, a poster."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engrave.answers import Walk
from engrave.collection.export import guarded
from engrave.errors import PromptError
from engrave.image import png_with_metadata
from engrave.video import write_gif, write_mp4, write_webp
from engrave.walks.poster import Paper, poster
from engrave.walks.recipe import Recipe, to_json
from engrave.walks.timeline import as_vtt, caption_at
from engrave.walks.walker import checksum
from engrave.whole import whole_file

SUFFIXES = (".mp4", ".gif", ".webp", ".vtt", ".zip", ".pdf", ".json")
COLUMNS = (
    "frame", "seconds", "keyframe", "caption", "caption_by", "step", "jump",
    "nearest_id", "similarity", "nearest_caption", "book", "author", "year", "url",
)  # fmt: skip


def finished(recipe: Recipe, walk: Walk, model_version: str) -> Recipe:
    """Return a recipe that says which model made the walk and what its pixels came to."""
    return replace(recipe, model_version=model_version, pixels=checksum(walk.frames))


def write_walk(walk: Walk, recipe: Recipe, path: Path, paper: Paper | None = None) -> None:
    """Write one file; its ending says which, and a poster needs to know its paper."""
    if path.suffix.lower() not in SUFFIXES:
        raise PromptError(f"'{path.name}' must end in one of {', '.join(SUFFIXES)}.")
    writers: dict[str, Callable[[], bytes]] = {
        ".vtt": lambda: captions_of(walk, recipe).encode(),
        ".zip": lambda: as_zip(walk, recipe),
        ".pdf": lambda: poster(walk, recipe.model_version, paper or Paper()),
        ".json": lambda: to_json(recipe).encode(),
    }
    films = {".mp4": write_mp4, ".gif": write_gif, ".webp": write_webp}
    suffix = path.suffix.lower()
    if suffix in films:
        films[suffix](walk.film, path, recipe.fps, facts=facts_of(recipe))
    else:
        with whole_file(path) as scratch:
            scratch.write_bytes(writers[suffix]())


def facts_of(recipe: Recipe) -> dict[str, str]:
    """Return what a film of this walk says of itself."""
    named = (one.words or one.source for one in recipe.keyframes)
    return {"prompt": f"a walk: {'; '.join(named)}", "model_version": recipe.model_version}


def captions_of(walk: Walk, recipe: Recipe) -> str:
    """Return the captions as a WebVTT track of the film."""
    note = f"Captions by the model Engrave {recipe.model_version}; read them as suggestions."
    return as_vtt(walk.timeline, walk.captions, recipe.fps, note)


def as_zip(walk: Walk, recipe: Recipe) -> bytes:
    """Return a ZIP of all frames as PNGs, with a table, the captions and the recipe."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # PNGs are packed already
        for index, frame in enumerate(walk.frames):
            facts = {
                "caption": caption_at(walk.captions, index),
                "frame": f"{index + 1} of {len(walk.frames)}",
                "model_version": recipe.model_version,
            }
            archive.writestr(f"frames/frame-{index + 1:03d}.png", png_with_metadata(frame, facts))
        archive.writestr("frames.csv", as_csv(walk, recipe))
        archive.writestr("captions.vtt", captions_of(walk, recipe))
        archive.writestr("recipe.json", to_json(recipe))
        note = f"All frames were drawn by the model Engrave {recipe.model_version}; none is a scan."
        archive.writestr("README.txt", f"{note}\nrecipe.json makes them again: ")
    return buffer.getvalue()


def as_csv(walk: Walk, recipe: Recipe) -> bytes:
    """Return a table of the frames that spreadsheets open without running it."""
    page = io.StringIO(newline="")
    writer = csv.DictWriter(page, COLUMNS)
    writer.writeheader()
    for index in range(len(walk.frames)):
        writer.writerow({name: guarded(cell) for name, cell in _row(walk, recipe, index).items()})
    return page.getvalue().encode("utf-8-sig")


def _row(walk: Walk, recipe: Recipe, index: int) -> dict[str, object]:
    row: dict[str, object] = {
        "frame": index + 1,
        "seconds": f"{walk.timeline.index(index) / recipe.fps:.3f}",
        "keyframe": walk.stops.index(index) + 1 if index in walk.stops else "",
        "caption": caption_at(walk.captions, index),
        "caption_by": f"the model Engrave {recipe.model_version}",
        "step": f"{walk.pace.after[index]:.4f}" if index < len(walk.pace.after) else "",
        "jump": "yes" if index in walk.pace.jumps else "",
    }
    if walk.nearest:
        near = walk.nearest[index]
        row |= {
            "nearest_id": near.id,
            "similarity": f"{near.similarity:.3f}",
            "nearest_caption": near.caption,
            "book": near.book,
            "author": near.author,
            "year": near.year,
            "url": near.url,
        }
    return row
