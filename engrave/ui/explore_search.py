"""Questions put to the map: by text, by picture, by both, less of something; and their places."""

from dataclasses import asdict

import gradio as gr
import numpy as np

from engrave.collection.queries import Nearness, Part, blended
from engrave.limits import WEIGHT, clean_text
from engrave.ui.explore_map import FRESH, Chart, Marks, scores_text
from engrave.ui.explore_table import Listing, choice_view
from engrave.ui.uploads import open_upload
from engrave.ui.views import View
from engrave.ui.widgets import position_of

FOUND = 24
CLEAR = {"found": [], "scores": "", "question": {}, "places": []}
Answer = tuple[View, View, Marks, Listing]


def ask(
    chart: Chart,
    text: str,
    less: str,
    path: str | None,
    text_weight: float,
    picture_weight: float,
    marks: Marks,
) -> Answer:
    """Find engravings by what they show; rings and colours on the map, a list below it."""
    text, less = clean_text(text or ""), clean_text(less or "")
    text_weight, picture_weight = WEIGHT.number(text_weight), WEIGHT.number(picture_weight)
    parts: list[Part] = []
    said: list[str] = []
    if text and text_weight > 0:
        parts.append(Part(chart.engine.embed_texts([text])[0], text_weight))
        said.append(f"“{text}”")
    latent: np.ndarray | None = None
    if path and picture_weight > 0:
        latent = chart.engine.encode(open_upload(path))
        parts.append(Part(chart.engine.embed(latent[None])[0], picture_weight))
        said.append("your picture")
    question = {"text": text, "less": less}
    if not parts and less:
        parts.append(Part(chart.engine.embed_texts([less])[0], -1.0))
        return answered(chart, marks, parts, f"Least like “{less}”", question, None)
    if not parts:
        return cleared(chart, marks)
    near = near_text(chart, parts[-1]) if latent is None else chart.engine.nearness(latent)
    embedding = parts[-1].embedding_E if len(parts) == 1 else blended(parts)
    place = place_view(chart, embedding, " and ".join(said), near)
    if less:
        parts.append(Part(chart.engine.embed_texts([less])[0], -1.0))
        said.append(f"less of “{less}”")
    return answered(chart, marks, parts, f"Nearest to {', '.join(said)}", question, place)


def more_like(chart: Chart, marks: Marks, event: gr.EventData) -> Answer:
    """Find engravings like the open one."""
    index = position_of(event, "index", len(chart.engine.collection))
    own = chart.engine.collection.neighbour(index)
    parts = [Part(chart.engine.collection.embeddings_of([index])[0])]
    return answered(chart, marks, parts, f"More like “{own.caption}”", {}, None)


def answered(
    chart: Chart,
    marks: Marks,
    parts: list[Part],
    heading: str,
    question: View,
    place: View | None,
) -> Answer:
    """Return the list, the map and what is kept of a question."""
    found, scores = chart.engine.collection.answers(parts, FOUND)
    marks = FRESH | marks | {
        "found": [one.index for one in found],
        "scores": scores_text(scores),
        "question": question,
        "places": [] if place is None else [place],
    }  # fmt: skip
    listing = Listing("found", heading=heading)
    return choice_view(chart, marks, listing), chart.view(marks), marks, listing


def cleared(chart: Chart, marks: Marks) -> Answer:
    """Forget a question."""
    marks = FRESH | marks | CLEAR
    listing = Listing("selection" if marks["selected"] else "all")
    return choice_view(chart, marks, listing), chart.view(marks), marks, listing


def near_text(chart: Chart, part: Part) -> Nearness | None:
    """Say how near a text is to the collection; None while its yardstick is not ready."""
    nearest = chart.engine.collection.nearest(part.embedding_E, 1)
    return chart.texts.measure(nearest[0].similarity) if chart.texts and nearest else None


def place_view(chart: Chart, embedding_E: np.ndarray, words: str, near: Nearness | None) -> View:
    """Return a place on the map, with its distance to the collection where it is known."""
    x, y = chart.engine.collection.place(embedding_E)
    place: View = {"x": x, "y": y, "words": words}
    return place if near is None else place | {"nearness": asdict(near)}
