"""Keyframes of a walk: each from an upload, a text, the collection, or a plate made here."""

import re
from collections import deque
from dataclasses import dataclass
from secrets import token_hex
from threading import Lock
from typing import Any

import gradio as gr
import numpy as np

from engrave.answers import Neighbour
from engrave.engine import TEXT_PREFIX, Engine
from engrave.errors import PromptError
from engrave.limits import needed_text
from engrave.ui.files import data_url, made_url
from engrave.ui.uploads import open_upload
from engrave.ui.views import Made, View, Views, picture_url, remembered

ID = re.compile(r"\d+-\d+")  # of a shipped engraving: its book's number and its own
FOUND = 8  # engravings that a search for an end offers


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """One engraving that a walk calls at."""

    kind: str  # where it is from, in words
    words: str  # what it shows
    latent: np.ndarray
    src: str  # address of its picture
    book: str = ""  # of an engraving of the collection
    year: int = 0  # of its book
    url: str = ""  # of its book
    source: str = ""  # id or text that makes it again; empty where only its latent does
    seed: int = 0  # of a text


def marked(engine: Engine) -> dict[str, str]:
    """Return what a picture on the page says of the model that made it."""
    return {"model_version": engine.model_version}


def from_text(engine: Engine, text: str, seed: int) -> End:
    """Imagine an end from a text."""
    text = needed_text(text)
    source = f"{TEXT_PREFIX}{text}"
    latent = engine.latent_of(source, seed=seed)
    src = made_url(engine.decode(latent[None])[0], marked(engine))
    return End("imagined from a text", text, latent, src, source=source, seed=seed)


def from_upload(engine: Engine, path: str | None) -> End:
    """Read an end off an uploaded picture."""
    picture = open_upload(path)
    return End("your upload", "as uploaded", engine.encode(picture), data_url(picture))


def from_collection(engine: Engine, index: int, src: str = "") -> End:
    """Take an engraving of the collection as an end; `src` is its picture where that is known."""
    own = engine.collection.neighbour(index)
    kind = f"no. {own.id} of the collection, {remembered(engine.collection, index)}"
    latent, src = engine.collection.latents[index], src or picture_url(engine, index)
    return End(kind, own.caption, latent, src, own.book, own.year, own.url, source=own.id)


def from_source(engine: Engine, source: str, seed: int = 0) -> End:
    """Take `text:...` or an id of the collection as an end."""
    if source.startswith(TEXT_PREFIX):
        return from_text(engine, source.removeprefix(TEXT_PREFIX), seed)
    return from_collection(engine, row_of(engine, source))


def from_latent(engine: Engine, latent_L: np.ndarray, words: str) -> End:
    """Take a latent of a recipe as an end."""
    latent = engine.latent_of(latent_L)
    src = made_url(engine.decode(latent[None])[0], marked(engine))
    return End("from a recipe, as the model remembers it", words or "a picture", latent, src)


def from_plate(engine: Engine, plate: Made) -> End:
    """Take a plate that was made in the Generate tab as an end."""
    picture = engine.decode(plate.latent[None])[0]
    return End(
        f"generated, seed {plate.seed}",
        plate.caption,
        plate.latent,
        made_url(picture, marked(engine)),
    )


def find(engine: Engine, query: str) -> tuple[Neighbour, ...]:
    """Return engravings for a search or for an id."""
    query = needed_text(query)
    row = engine.collection.row(query)
    if row is None and not ID.fullmatch(query):
        return engine.search(query, num=FOUND)
    return (engine.collection.neighbour(row_of(engine, query)),)


def row_of(engine: Engine, id: str) -> int:
    """Return the row of an id; raises PromptError where the collection has none such."""
    row = engine.collection.row(id)
    if row is None:
        raise PromptError(
            f"The collection has no engraving {id[:40]}; search for a few words instead."
        )
    return row


def show_found(engine: Engine, views: Views, query: str) -> tuple[View, list[int]]:
    """Search for an end; return the pick-list and which rows it shows."""
    found = find(engine, query)
    items = [{"src": views.thumbnail(one.index), "words": one.caption} for one in found]
    label = f"Pick one ({views.likeness(one.index for one in found)}):"
    return {"label": label, "items": items}, [one.index for one in found]


_turn = Lock()
_taken: deque[str] = deque(maxlen=1000)  # tickets of all visitors


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """An end on its way from another tab to the walk."""

    end: End
    letter: str  # A for the first keyframe, B for the last, + for one more
    ticket: str  # else the same end sent twice would count as nothing new

    def is_first(self) -> bool:
        """Tell whether it was not taken yet, and take it: a tab that is shown for the first time
        has the browser announce it twice."""
        with _turn:
            known = self.ticket in _taken
            _taken.append(self.ticket)
            return not known


def filled(end: End, letter: str, tab: Any = None) -> tuple[Any, ...]:
    """Return updates of what arrives at the walk, and of the open tab."""
    return Arrival(end, letter, token_hex(8)), gr.skip() if tab is None else tab
