"""What the map makes: engravings for empty places, walks along lines, walks as paths."""

from typing import Any

import gradio as gr
import numpy as np

from engrave.collection.ground import along, blend
from engrave.collection.queries import Part
from engrave.errors import PictureError, PromptError
from engrave.ui.ends import End, filled, from_collection
from engrave.ui.explore_map import FRESH, Chart, Marks, numbers
from engrave.ui.explore_search import answered, place_view
from engrave.ui.explore_table import Listing, choice_view, listed
from engrave.ui.files import made_url
from engrave.ui.interpolate import walked
from engrave.ui.keyframes import route_of, shown_route
from engrave.ui.stops import PROGRESS
from engrave.ui.views import Made, View
from engrave.ui.widgets import letter_of, position_of

NEAR = 8
STOPS = range(2, 9)  # engravings that a walk may call at
BETWEEN = 8  # frames from one to the next
MADE = "drawn by the model for this place of the map"


def drawn(chart: Chart, marks: Marks, event: gr.EventData) -> tuple[View, View, Marks, End]:
    """Blend what lies round a place of the map, and show what could stand there."""
    (x,), (y,) = numbers(event, "x", 1), numbers(event, "y", 1)
    collection, engine = chart.engine.collection, chart.engine
    latent = blend(collection.latents, collection.places, (x, y))
    picture = engine.decode(latent[None])[0]
    words = engine.words(latent[None])[0]
    end = End(MADE, words, latent, made_url(picture, {"model_version": engine.model_version}))
    near = engine.neighbours(latent, NEAR)
    detail = {
        "made": True, "picture": end.src, "caption": words, "label": MADE,
        "near": chart.views.neighbours(near),
    }  # fmt: skip
    place = {"x": x, "y": y, "words": words}
    marks = FRESH | marks | {"places": [*marks.get("places", [])[-4:], place], "focus": None}
    return detail, chart.view(marks), marks, end


def put(chart: Chart, marks: Marks, latent_L: np.ndarray, words: str, kind: str) -> tuple[Any, ...]:
    """Put a picture from another tab on the map, with its nearest below."""
    embedding = chart.engine.embed(latent_L[None])[0]
    place = place_view(chart, embedding, words, chart.engine.nearness(latent_L))
    answer = answered(chart, marks, [Part(embedding)], f"Nearest to {kind}", {}, place)
    return *answer, gr.Tabs(selected="explore")


def put_plate(chart: Chart, marks: Marks, made: list[Made], event: gr.EventData) -> tuple[Any, ...]:
    """Put an engraving that was generated on the map."""
    plate = made[position_of(event, "position", len(made))]
    return put(
        chart, marks, plate.latent, plate.caption, f"the one generated from seed {plate.seed}"
    )


def put_end(chart: Chart, marks: Marks, end: End | None) -> tuple[Any, ...]:
    """Put a picture that was captioned on the map."""
    if end is None:
        raise PictureError("There is no picture yet; drop one in the frame.")
    return put(chart, marks, end.latent, end.words, "the picture that was captioned")


def lined(chart: Chart, marks: Marks, event: gr.EventData) -> tuple[View, View, Marks, Listing]:
    """Find the engravings along a line that was drawn; they are listed as a walk."""
    xs, ys = numbers(event, "x"), numbers(event, "y")
    if len(xs) != len(ys):
        raise PromptError("This line is broken; draw it again.")
    return charted(chart, marks, along(chart.engine.collection.places, xs, ys))


def chosen_walk(chart: Chart, marks: Marks, listing: Listing) -> tuple[View, View, Marks, Listing]:
    """Make a walk of what is listed, in its order."""
    rows = listed(chart, marks, listing)
    if len(rows) not in STOPS:
        raise PromptError(
            f"A walk calls at {STOPS[0]} to {STOPS[-1]} engravings and {len(rows)} are listed; "
            "select as many and list the selection."
        )
    return charted(chart, marks, rows)


def charted(chart: Chart, marks: Marks, rows: list[int]) -> tuple[View, View, Marks, Listing]:
    """Show a walk on the map and its engravings below."""
    path = chart.engine.collection.places[rows].tolist()
    marks = FRESH | marks | {"stops": rows, "path": path}
    listing = Listing("walk", heading="A walk")
    return choice_view(chart, marks, listing), chart.view(marks), marks, listing


def strolled(
    chart: Chart, marks: Marks, loop: str, request: gr.Request, progress: gr.Progress = PROGRESS
) -> tuple[Any, ...]:
    """Walk through the engravings of a walk in the Interpolate tab."""
    rows = [row for row in marks["stops"] if 0 <= row < len(chart.engine.collection)]
    if len(rows) not in STOPS:
        raise PromptError("There is no walk yet; choose “Walk” above the map and draw a line.")
    route = route_of([from_collection(chart.engine, row) for row in rows])
    settings = {"frames": (BETWEEN - 1) * (len(rows) - 1) + 1, "loop": loop}
    view, kept = walked(chart.engine, chart.views, route, settings, request, progress)
    view["note"] = f"{view['count']} frames through {len(rows)} engravings of the map"
    return view, kept, *shown_route(route, loop), gr.Tabs(selected="interpolate")


def shown_path(chart: Chart, marks: Marks, event: gr.EventData) -> tuple[View, Marks, Any]:
    """Show a walk that was made in Interpolate as a path on the map."""
    xs, ys = numbers(event, "x"), numbers(event, "y")
    path = [list(pair) for pair in zip(xs, ys, strict=False)]
    marks = FRESH | marks | {"path": path, "stops": []}
    return chart.view(marks), marks, gr.Tabs(selected="explore")


def made_as_end(end: End | None, event: gr.EventData) -> tuple[Any, ...]:
    """Hand what was drawn for a place to the Interpolate tab."""
    if end is None:
        raise PromptError("Nothing was drawn for a place yet; click an empty place of the map.")
    return filled(end, letter_of(event), gr.Tabs(selected="interpolate"))
