"""Makes the worked examples that a first visit shows: `python -m engrave.ui.exhibit [FOLDER]`."""

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL.Image import Image

from engrave.answers import CaptionAnswer, Plate, Walk
from engrave.engine import Engine
from engrave.image import png_with_metadata
from engrave.ui.examples import FOLDER, FORMAT, PROMPTS
from engrave.ui.walk_view import AT_ONCE, pace_view, path_of, sheet_of, sheet_view
from engrave.walks import Keyframe, Recipe
from engrave.walks.packing import facts_of, finished, write_walk

MORE_PROMPTS = [
    "a bird on a branch", "a butterfly with spread wings", "a fish seen from the side",
    "a knight on a horse", "a street with old houses", "a ruined temple with columns",
    "a man in armour", "two men talking in a room", "a tree by a lake",
    "a lion lying down", "a portrait of a man in a wig", "a bridge over a river",
    "soldiers in a battle", "a child with a dog", "a machine with wheels",
    "mountains and a valley",
]  # fmt: skip
NUM_PROMPTS = 10
NUM_PLATES = 4
NUM_SAMPLES = 6
TRIED = 60  # engravings of the collection that are looked at for samples
FRAMES = 16  # there and back; more makes a GIF of over 2 MB
PLEASING = (  # subjects that say at once what the collection is like
    "landscape", "animal", "bird", "building", "people", "portrait", "sea", "town",
)  # fmt: skip
SCENES = ("landscape", "building", "sea", "town")  # which the model draws best, so they come first
LIGHT = (0.4, 0.85)  # mean of a picture from black to white: what is neither murk nor a blank page


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One engraving as the model remembers it, with what the model says of it."""

    index: int
    picture: Image
    answer: CaptionAnswer

    @property
    def match(self) -> float:
        """How well the best caption fits."""
        return self.answer.candidates[0].match

    @property
    def pleases(self) -> bool:
        """Whether a first visitor sees something, and reads words that do not repeat themselves."""
        light = float(np.asarray(self.picture).mean()) / 255
        pairs = list(pairwise(self.answer.candidates[0].text.split()))
        return LIGHT[0] <= light <= LIGHT[1] and len(set(pairs)) == len(pairs)


def build_examples(engine: Engine, folder: Path = FOLDER) -> None:
    """Make all examples anew; the old ones stay until the new ones are complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".examples-") as scratch:
        fresh = Path(scratch) / "new"
        fresh.mkdir()
        _write(engine, fresh)
        if folder.exists():
            shutil.rmtree(folder)
        fresh.rename(folder)


def _write(engine: Engine, folder: Path) -> None:
    prompts = best_prompts(engine, [*PROMPTS, *MORE_PROMPTS])
    samples = best_samples(engine)
    plates = list(engine.generate(prompts[0], num=NUM_PLATES, seed=1))
    ids = [engine.collection.item(sample.index).id for sample in samples]
    recipe = Recipe(keyframes=tuple(Keyframe(source=id) for id in ids[:2]), frames=FRAMES)
    walk = engine.walk_through(recipe)
    page = {
        "format": FORMAT,
        "model_version": engine.model_version,
        "prompts": prompts,
        "samples": [_sample(engine, folder, sample, k) for k, sample in enumerate(samples)],
        "caption": _caption(samples[0]),
        "generate": {
            "text": prompts[0],
            "plates": [_plate(folder, plate, k) for k, plate in enumerate(plates)],
        },
        "walk": _walk(engine, folder, walk, recipe) | {"ends": ids[:2]},
        "pairs": pairs(engine, samples, prompts),
        "opened": ids[0],
    }
    text = json.dumps(page, ensure_ascii=False, indent=1)
    (folder / "examples.json").write_text(text + "\n", encoding="utf-8")
    latents = np.stack([plate.latent for plate in plates]).astype(np.float32)
    np.savez(folder / "latents.npz", caption=samples[0].answer.latent, plates=latents)


def best_prompts(engine: Engine, prompts: Sequence[str]) -> list[str]:
    """Return the prompts whose plates come nearest to them, best first."""
    made = [next(engine.generate(text, num=1, seed=1, describe=False)) for text in prompts]
    pictures = engine.embed(np.stack([plate.latent for plate in made]))
    matches = (pictures * engine.embed_texts(prompts)).sum(axis=1)
    return [prompts[row] for row in np.argsort(-matches)[:NUM_PROMPTS]]


def best_samples(engine: Engine) -> list[Sample]:
    """Return reconstructions that the model describes well, one a subject, best first."""
    items = engine.collection.items
    shown = [
        row
        for row, item in enumerate(items)
        if item.subject in PLEASING and item.kind == "picture"  # a plan of a church is no scene
    ]
    rows = shown[:: max(1, len(shown) // TRIED)][:TRIED]
    pictures = ((row, engine.original(row)) for row in rows)
    tried = [Sample(row, picture, engine.caption(picture)) for row, picture in pictures]
    best: dict[str, Sample] = {}
    for sample in sorted(tried, key=lambda one: (not one.pleases, -one.match)):
        best.setdefault(items[sample.index].subject, sample)
    found = sorted(best.items(), key=lambda pair: (not pair[1].pleases, pair[0] not in SCENES))
    return [sample for _, sample in found[:NUM_SAMPLES]]


def pairs(engine: Engine, samples: Sequence[Sample], prompts: Sequence[str]) -> list[Any]:
    """Return pairs of ends to try: two of engravings, two of texts."""
    items = [engine.collection.item(sample.index) for sample in samples]
    real = [
        {"name": f"{one.subject} → {other.subject}", "ends": [one.id, other.id]}
        for one, other in zip(items[2::2], items[3::2], strict=False)
    ]
    told = [
        {"name": f"{one} → {other}", "ends": [f"text:{one}", f"text:{other}"]}
        for one, other in zip(prompts[1:5:2], prompts[2:6:2], strict=False)
    ]
    return [*real, *told]


def _sample(engine: Engine, folder: Path, sample: Sample, number: int) -> dict[str, str]:
    name = f"sample-{number}.png"
    words = sample.answer.candidates[0].text
    facts = {"model_version": engine.model_version, "caption": words}
    (folder / name).write_bytes(png_with_metadata(sample.picture, facts))
    return {"id": engine.collection.item(sample.index).id, "picture": name, "words": words}


def _caption(sample: Sample) -> dict[str, Any]:
    return {
        "picture": "sample-0.png",
        "candidates": [asdict(one) for one in sample.answer.candidates],
        "neighbours": [asdict(one) for one in sample.answer.neighbours],
    }


def _plate(folder: Path, plate: Plate, number: int) -> dict[str, Any]:
    name = f"plate-{number}.png"
    (folder / name).write_bytes(png_with_metadata(plate.image, plate.facts()))
    return {
        "picture": name,
        "seed": plate.seed,
        "guidance": plate.guidance,
        "steps": plate.steps,
        "caption": plate.caption,
        "neighbours": [asdict(one) for one in plate.neighbours],
    }


def _walk(engine: Engine, folder: Path, walk: Walk, recipe: Recipe) -> dict[str, Any]:
    done = finished(recipe, walk, engine.model_version)
    names = {"sheet": "walk.webp", "webp": "walk-film.webp"}
    names |= {kind: f"walk.{kind}" for kind in AT_ONCE if kind not in names}
    (folder / names["sheet"]).write_bytes(sheet_of(walk.frames, facts_of(done)))
    for kind in AT_ONCE:
        write_walk(walk, done, folder / names[kind])
    near = {"near": [asdict(one) for one in walk.nearest], "path": path_of(engine, walk.latents)}
    return sheet_view(walk) | pace_view(walk, done) | near | names


if __name__ == "__main__":
    build_examples(Engine.load(), Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
