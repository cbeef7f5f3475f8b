"""The two ends of a walk: each from an upload, a text, the collection, or a plate made here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np

from engrave.answers import Neighbour
from engrave.engine import Engine
from engrave.errors import PromptError
from engrave.limits import needed_text
from engrave.ui.files import data_url
from engrave.ui.uploads import open_upload
from engrave.ui.views import Made, View, Views

ID = re.compile(r"\d+-\d+")  # of an engraving: its book's number and its own
FOUND = 8  # engravings that a search for an end offers


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """One end of a walk."""

    kind: str  # where it is from, in words
    words: str  # what it shows
    latent: np.ndarray
    src: str  # address of its picture
    book: str = ""  # of an engraving of the collection
    year: int = 0  # of its book
    url: str = ""  # of its book


def end_view(end: End | None, letter: str) -> View:
    """Return what the page shows of an end."""
    if end is None:
        return {"letter": letter, "kind": "", "words": "Choose an engraving, a text or a file."}
    shown = {"kind": end.kind, "words": end.words, "src": end.src}
    return shown | {"letter": letter, "book": end.book, "year": end.year, "url": end.url}


def from_text(engine: Engine, text: str, seed: int) -> End:
    """Imagine an end from a text."""
    text = needed_text(text)
    latent = engine.latent_of(f"text:{text}", seed=seed)
    return End("imagined from a text", text, latent, data_url(engine.decode(latent[None])[0]))


def from_upload(engine: Engine, path: str | None) -> End:
    """Read an end off an uploaded picture."""
    picture = open_upload(path)
    return End("your upload", "as uploaded", engine.encode(picture), data_url(picture))


def from_collection(engine: Engine, index: int, src: str = "") -> End:
    """Take an engraving of the collection as an end; `src` is its picture where that is known."""
    own = engine.collection.neighbour(index)
    kind = f"no. {own.id} of the collection, as the model remembers it"
    latent, src = engine.collection.latents[index], src or data_url(engine.original(index))
    return End(kind, own.caption, latent, src, own.book, own.year, own.url)


def from_plate(engine: Engine, plate: Made) -> End:
    """Take a plate that was made in the Generate tab as an end."""
    picture = engine.decode(plate.latent[None])[0]
    return End(f"generated, seed {plate.seed}", plate.caption, plate.latent, data_url(picture))


def find(engine: Engine, query: str) -> tuple[Neighbour, ...]:
    """Return engravings for a search or for an id."""
    query = needed_text(query)
    if not ID.fullmatch(query):
        return engine.search(query, num=FOUND)
    row = engine.collection.row(query)
    if row is None:
        raise PromptError(
            f"The collection has no engraving {query}; search for a few words instead."
        )
    return (engine.collection.neighbour(row),)


def show_found(engine: Engine, views: Views, query: str) -> tuple[View, list[int]]:
    """Search for an end; return the pick-list and which rows it shows."""
    found = find(engine, query)
    items = [{"src": views.thumbnail(one.index), "words": one.caption} for one in found]
    label = f"Pick one ({views.likeness(one.index for one in found)}):"
    return {"label": label, "items": items}, [one.index for one in found]


def filled(end: End, letter: str, tab: Any = None) -> tuple[Any, ...]:
    """Return updates of end A, its picture, end B, its picture, and the open tab."""
    shown = (end, end_view(end, letter))
    nothing = (gr.skip(), gr.skip())
    pair = (*shown, *nothing) if letter == "A" else (*nothing, *shown)
    return (*pair, gr.skip() if tab is None else tab)


def both(ends: Sequence[End | None]) -> tuple[End, End]:
    """Return A and B; raises PromptError where one is missing."""
    first, second = ends
    if first is None or second is None:
        missing = "A" if first is None else "B"
        raise PromptError(
            f"End {missing} is not chosen yet; search the collection, write a text "
            "or drop a picture in its frame."
        )
    return first, second
