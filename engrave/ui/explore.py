"""The Explore tab: the map of the collection, one engraving open beside it, a search."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from engrave.collection import Collection
from engrave.engine import Engine
from engrave.ui.desk import LIGHT, MODEL, Desk
from engrave.ui.ends import filled, from_collection
from engrave.ui.files import data_url, file_url
from engrave.ui.speech import bind
from engrave.ui.theme import ASSETS
from engrave.ui.views import View, Views
from engrave.ui.widgets import letter_of, position_of, widget

PLOTLY = ASSETS / "vendor" / "plotly-gl2d.min.js"
CHUNK = 500  # captions in one file of the map, about 40 kB
NEAR = 8
FOUND = 24
Marks = dict[str, Any]  # marked rows and the open one
Opens = Callable[[gr.HTML], None]


def map_files(collection: Collection, captions: Path) -> View:
    """Return where the browser finds the map; writes the captions for it in small files."""
    if collection.folder is None or not len(collection):
        return {}
    write_captions(collection, captions)
    version = collection.label.version or collection.model_version or "0"
    at = {name: file_url(collection.folder / name, version) for name in ("map-xy.bin", "NAME")}
    return {
        "files": {
            "xy": at["map-xy.bin"],
            "folder": at["NAME"],
            "facets": file_url(collection.folder / "map-facets.json", version),
            "captions": file_url(captions / "captions-NUMBER.json"),
            "plotly": file_url(PLOTLY, "3.7.0"),
            "chunk": CHUNK,
            "count": len(collection),
        }
    }


def write_captions(collection: Collection, folder: Path) -> None:
    """Write caption and origin of each engraving, so that a hover never asks the engine."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, start in enumerate(range(0, len(collection), CHUNK)):
        items = collection.items[start : start + CHUNK]
        lines = [[item.caption, f"{item.book}, {item.year}"] for item in items]
        path = folder / f"captions-{number}.json"
        path.write_text(json.dumps(lines, ensure_ascii=False), encoding="utf-8")


def show_item(engine: Engine, views: Views, index: int, src: str = "") -> View:
    """Return one engraving with its neighbours; `src` is its picture where that is known."""
    embedding = engine.collection.embeddings[index]
    near = engine.neighbours(embedding, NEAR, exclude=index)
    return views.detail(index, src or data_url(engine.original(index)), near)


def map_view(base: View, marks: Marks) -> View:
    """Return the map with rings round the marked engravings."""
    return base | marks if base else base


def open_item(
    engine: Engine, views: Views, base: View, marks: Marks, event: gr.EventData
) -> tuple[View, View, Marks, Any]:
    """Open the engraving that was clicked, anywhere on the page."""
    index = position_of(event, "index", len(engine.collection))
    marks = marks | {"focus": index}
    tab = gr.Tabs(selected="explore")
    return show_item(engine, views, index), map_view(base, marks), marks, tab


def search(
    engine: Engine, views: Views, base: View, text: str, marks: Marks
) -> tuple[View, View, Marks]:
    """Find engravings by what they show; the map rings them."""
    if not text.strip():
        marks = marks | {"marked": []}
        return {}, map_view(base, marks), marks
    found = engine.search(text, num=FOUND)
    marks = {"marked": [one.index for one in found], "focus": marks.get("focus")}
    shown = {"heading": f"Nearest to “{text.strip()}”", "items": views.neighbours(found)}
    return shown, map_view(base, marks), marks


def item_as_end(engine: Engine, event: gr.EventData) -> tuple[Any, ...]:
    """Hand the open engraving to the Interpolate tab."""
    index = position_of(event, "index", len(engine.collection))
    tab = gr.Tabs(selected="interpolate")
    return filled(from_collection(engine, index), letter_of(event), tab)


@dataclass(frozen=True, slots=True)
class ExploreTab:
    """The components of the tab."""

    text: gr.Textbox
    run: gr.Button
    clear: gr.Button
    map: gr.HTML
    detail: gr.HTML
    found: gr.HTML
    marks: gr.State


def place(base: View, opened: View, focus: int | None) -> ExploreTab:
    """Lay out the tab, one engraving open."""
    marks: Marks = {"marked": [], "focus": focus}
    with gr.Row(elem_classes="search-row"):
        text = gr.Textbox(
            show_label=False,
            placeholder="Search by what is shown: a ship in a storm, an old man reading …",
            container=False,
            elem_id="search",
            scale=6,
        )
        run = gr.Button("Search", variant="primary", elem_id="search-run", scale=0, min_width=110)
        clear = gr.Button("Clear", elem_id="search-clear", scale=0, min_width=80)
    with gr.Row(elem_classes="halves"):
        with gr.Column(scale=7, min_width=300):
            plot = widget("map", "map", map_view(base, marks), events=["open"], elem_id="map")
        with gr.Column(scale=4, min_width=260):
            detail = widget("cards", "detail", opened, events=["open", "use"], elem_id="detail")
    found = widget("cards", "neighbours", {}, events=["open"], elem_id="search-found")
    return ExploreTab(text, run, clear, plot, detail, found, gr.State(marks))


def wire(tab: ExploreTab, desk: Desk, base: View) -> None:
    """Say what happens when."""
    look = bind(search, desk.engine, desk.views, base)
    shown = [tab.found, tab.map, tab.marks]
    for trigger in (tab.text.submit, tab.run.click):
        trigger(look, [tab.text, tab.marks], shown, show_progress_on=tab.found, **MODEL)
    tab.clear.click(bind(cleared, base), tab.marks, [tab.text, *shown], **LIGHT)
    tab.detail.use(bind(item_as_end, desk.engine), None, desk.walk_ends, **MODEL)
    for source in (tab.map, tab.detail, tab.found):
        desk.opens(source)


def opener(tab: ExploreTab, tabs: gr.Tabs, engine: Engine, views: Views, base: View) -> Opens:
    """Return what lets any widget open an engraving here."""
    run = bind(open_item, engine, views, base)

    def opens(source: gr.HTML) -> None:
        shown = [tab.detail, tab.map, tab.marks, tabs]
        source.open(run, tab.marks, shown, show_progress_on=tab.detail, **MODEL)

    return opens


def cleared(base: View, marks: Marks) -> tuple[str, View, View, Marks]:
    """Forget a search."""
    marks = marks | {"marked": []}
    return "", {}, map_view(base, marks), marks
