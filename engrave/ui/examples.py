"""The worked examples that a first visit shows: pictures and answers of the model, read from files.

A folder of examples holds `examples.json`, the pictures and films it names, and `latents.npz`:

    format, model_version
    prompts     texts that the model does well, shown as chips
    samples     [{id, picture, words}] to try in the Caption tab
    caption     {picture, candidates, neighbours}; its latent is `caption` in latents.npz
    generate    {text, plates: [{picture, seed, guidance, steps, caption, neighbours}]}; `plates`
    walk        {ends: [id, id], sheet, mp4, gif, webp, vtt, json, near, and what the player shows}
    pairs       [{name, ends: [source, source]}], a source being an id or "text:..."
    opened      id of the engraving that is open in Explore
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engrave.answers import Neighbour
from engrave.places import ASSETS
from engrave.recipe import Recipe
from engrave.ui.ends import End, from_collection
from engrave.ui.files import file_url
from engrave.ui.views import Made, View, Views

FOLDER = ASSETS / "examples"
FORMAT = 1
FILES = ("sheet", "mp4", "gif", "webp", "vtt", "json")  # of a walk
PLAYED = (  # what the player is told of a walk
    "columns", "count", "captions", "stops", "timeline", "fps", "pace", "even", "path",
)  # fmt: skip
PROMPTS = [
    "a ship in a storm at sea",
    "an owl on a branch",
    "a castle on a rock above a river",
    "an old man with a beard reading a book",
    "a horse in a field",
    "a church with a tall tower",
    "a woman in a long dress",
    "a large flower with broad leaves",
]


@dataclass(frozen=True, slots=True)
class Examples:
    """What each tab shows before anybody did anything."""

    prompts: tuple[str, ...] = tuple(PROMPTS)
    samples: tuple[tuple[Path, str], ...] = ()
    answer: View | None = None
    near: View | None = None
    end: End | None = None
    text: str = ""
    seed: int = 0
    plates: View | None = None
    made: tuple[Made, ...] = ()
    ends: tuple[End | None, End | None] = (None, None)
    walk: View | None = None
    pairs: tuple[tuple[str, tuple[str, str]], ...] = ()
    opened: int | None = None
    opened_src: str = ""  # its picture


def read_examples(views: Views, folder: Path = FOLDER) -> Examples:
    """Return the examples of a folder, or bare prompts where it is missing or of another model."""
    path = folder / "examples.json"
    if not path.is_file():
        return Examples()
    page = json.loads(path.read_text(encoding="utf-8"))
    if page["format"] != FORMAT or page["model_version"] != views.engine.model_version:
        return Examples()
    with np.load(folder / "latents.npz") as latents:
        return _Reader(views, folder, page, dict(latents)).examples()


@dataclass(frozen=True, slots=True)
class _Reader:
    views: Views
    folder: Path
    page: dict[str, Any]
    latents: dict[str, np.ndarray]

    def examples(self) -> Examples:
        made, shown = self._made(), self.page["generate"]
        note = f"{len(made)} engravings from “{shown['text']}”, made earlier"
        answer, near, end = self._answer()
        return Examples(
            prompts=tuple(self.page["prompts"]),
            samples=tuple((self.folder / one["picture"], one["words"]) for one in self._samples()),
            answer=answer,
            near=near,
            end=end,
            text=shown["text"],
            seed=made[0].seed,
            plates={"plates": [plate.card for plate in made], "note": note},
            made=made,
            ends=self._ends(),
            walk=self._walk(),
            pairs=tuple((one["name"], tuple(one["ends"])) for one in self.page["pairs"]),
            opened=self.views.engine.collection.row(self.page["opened"]),
            opened_src=self._drawn().get(self.page["opened"], ""),
        )

    def _samples(self) -> list[dict[str, str]]:
        samples: list[dict[str, str]] = self.page["samples"]
        return samples

    def _url(self, name: str) -> str:
        return file_url(self.folder / name, self.page["model_version"])

    def _near(self, rows: list[dict[str, Any]]) -> list[View]:
        """Leave out what a newer collection no longer has at its place."""
        found = [Neighbour(**row) for row in rows]
        row = self.views.engine.collection.row
        return self.views.neighbours(one for one in found if row(one.id) == one.index)

    def _answer(self) -> tuple[View, View, End]:
        page = self.page["caption"]
        src, best = self._url(page["picture"]), page["candidates"][0]["text"]
        note = "A worked example: this picture was drawn by the model itself."
        answer = {"src": src, "name": "example", "candidates": page["candidates"], "note": note}
        near = {"heading": "Nearest in the collection", "items": self._near(page["neighbours"])}
        return answer, near, End("the example", best, self.latents["caption"], src)

    def _made(self) -> tuple[Made, ...]:
        page = self.page["generate"]
        pairs = zip(page["plates"], self.latents["plates"], strict=True)
        return tuple(self._plate(page["text"], plate, latent) for plate, latent in pairs)

    def _plate(self, text: str, plate: dict[str, Any], latent: np.ndarray) -> Made:
        card = {
            "src": self._url(plate["picture"]),
            "name": plate["picture"],
            "caption": plate["caption"],
            "seed": plate["seed"],
            "guidance": f"{plate['guidance']:g}",
            "steps": plate["steps"],
            "near": self._near(plate["neighbours"]),
        }
        return Made(
            latent=latent,
            caption=plate["caption"],
            text=text,
            seed=plate["seed"],
            guidance=plate["guidance"],
            steps=plate["steps"],
            path=self.folder / plate["picture"],
            card=card,
            recipe=Recipe(
                text=text,
                seed=plate["seed"],
                guidance=plate["guidance"],
                steps=plate["steps"],
                model_version=self.page["model_version"],
            ),
        )

    def _ends(self) -> tuple[End | None, End | None]:
        first, second = (self._end(source) for source in self.page["walk"]["ends"])
        return first, second

    def _end(self, source: str) -> End | None:
        row = self.views.engine.collection.row(source)
        if row is None:
            return None
        return from_collection(self.views.engine, row, self._drawn().get(source, ""))

    def _drawn(self) -> dict[str, str]:
        """Return the addresses of pictures that need not be drawn again, by id."""
        return {one["id"]: self._url(one["picture"]) for one in self._samples() if "id" in one}

    def _walk(self) -> View:
        page = self.page["walk"]
        told = {name: page[name] for name in PLAYED if name in page}
        files = {name: self._url(page[name]) for name in FILES if name in page}
        near = self._near(page.get("near", []))
        if near and len(near) == len(page["near"]):
            told["nearest"] = [{"index": o["index"], "similarity": o["similarity"]} for o in near]
            told["near"] = {str(one["index"]): one for one in near}
        return files | told | {"note": f"{page['count']} frames, made earlier"}
