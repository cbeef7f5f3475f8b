"""The Explore tab: the map of the collection, one engraving open beside it, a choice below."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engrave.engine import Engine
from engrave.errors import PromptError
from engrave.ui.caption import CaptionTab
from engrave.ui.desk import LIGHT, LONG, MODEL, Desk
from engrave.ui.ends import End, filled, from_collection
from engrave.ui.explore_draw import (
    chosen_walk,
    drawn,
    lined,
    made_as_end,
    put_end,
    put_plate,
    shown_path,
    strolled,
)
from engrave.ui.explore_map import FRESH, Chart, Marks, calibrated, learnt, renamed
from engrave.ui.explore_marks import keeping
from engrave.ui.explore_search import Answer, ask, cleared, more_like
from engrave.ui.explore_table import (
    Listing,
    choice_view,
    exported,
    selected,
    ticked,
    turned,
)
from engrave.ui.generate import GenerateTab
from engrave.ui.speech import bind
from engrave.ui.uploads import EXTENSIONS
from engrave.ui.views import View
from engrave.ui.visiting import Visiting
from engrave.ui.walk_layout import InterpolateTab
from engrave.ui.widgets import letter_of, position_of, widget

NEAR = 8
MAP_EVENTS = ["open", "choose", "draw", "line", "restore", "elsewhere"]
CHOICE_EVENTS = ["open", "turn", "tick", "export", "walk", "stroll"]
DETAIL_EVENTS = ["open", "use", "more", "draw", "edit", "discard"]
CHANGED = "The collection was changed since this link was made; what no longer fits is left out."
Opens = Callable[[gr.HTML], None]
FROM_ADDRESS = """() => {
  if (!location.hash.startsWith('#explore')) return;
  const tabs = [...document.querySelectorAll('#tabs button[role=tab]')];
  tabs.find((tab) => tab.textContent.trim() === 'Explore')?.click();
}"""


def show_item(chart: Chart, index: int, src: str = "") -> View:
    """Return one engraving with its neighbours; `src` is its reconstruction where that is known."""
    engine, views = chart.engine, chart.views
    embedding = engine.collection.embeddings_of([index])[0]
    near = engine.neighbours(embedding, NEAR, exclude=index)
    x, y = engine.collection.places[index].tolist()
    return views.detail(index, near, src) | {"x": x, "y": y}


def open_item(chart: Chart, marks: Marks, event: gr.EventData) -> tuple[View, View, Marks, Any]:
    """Open the engraving that was clicked, anywhere on the page."""
    index = row_of(chart, event)
    marks = FRESH | marks | {"focus": index}
    tab = gr.Tabs(selected="explore")
    return show_item(chart, index), chart.view(marks), marks, tab


def row_of(chart: Chart, event: gr.EventData) -> int:
    """Return the row that an event means; one that was shown before another collection was
    chosen is known by its id."""
    data = event._data if isinstance(event._data, dict) else {}
    collection, id = chart.engine.collection, data.get("id")
    if not isinstance(id, str):
        return position_of(event, "index", len(collection))
    row = collection.row(id)
    if row is None:
        raise PromptError(
            "This picture is of another collection; choose that one at the top of Explore."
        )
    return row


def item_as_end(engine: Engine, event: gr.EventData) -> tuple[Any, ...]:
    """Hand the open engraving to the Interpolate tab."""
    index = position_of(event, "index", len(engine.collection))
    tab = gr.Tabs(selected="interpolate")
    return filled(from_collection(engine, index), letter_of(event), tab)


def used(chart: Chart, made: End | None, event: gr.EventData) -> tuple[Any, ...]:
    """Hand on what is open: an engraving of the collection, or what was drawn for a place."""
    is_made = isinstance(event._data, dict) and event._data.get("made") is True
    return made_as_end(made, event) if is_made else item_as_end(chart.engine, event)


def restored(chart: Chart, marks: Marks, event: gr.EventData) -> tuple[Any, ...]:
    """Bring back what an address holds: question, selection and the open engraving."""
    data = event._data if isinstance(event._data, dict) else {}
    text, less = str(data.get("text") or ""), str(data.get("less") or "")
    answer: Answer = ask(chart, text, less, None, 1.0, 1.0, marks)
    if data.get("bits"):
        _, _, marks, listing = selected(chart, answer[2], event)
        listing = answer[3] if text or less else listing
        answer = choice_view(chart, marks, listing), chart.view(marks), marks, listing
    detail: Any = gr.skip()
    stale = data.get("stale") is True
    if isinstance(data.get("index"), int) or isinstance(data.get("id"), str):
        try:
            detail, plot, kept, _ = open_item(chart, answer[2], event)
            answer = answer[0], plot, kept, answer[3]
        except PromptError:
            stale = True
    if stale:
        gr.Warning(CHANGED)
    return detail, *answer, text, less


@dataclass(frozen=True, slots=True)
class ExploreTab:
    """The components of the tab."""

    text: gr.Textbox
    run: gr.Button
    clear: gr.Button
    less: gr.Textbox
    file: gr.File
    weights: tuple[gr.Slider, gr.Slider]
    map: gr.HTML
    clusters: gr.HTML
    detail: gr.HTML
    choice: gr.HTML
    progress: gr.HTML
    marks: gr.State
    listing: gr.State
    made: gr.State


def place(chart: Chart, opened: View, focus: int | None) -> ExploreTab:
    """Lay out the tab, one engraving open."""
    marks: Marks = FRESH | {"focus": focus}
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
    less, file, weights = place_more()
    with gr.Row(elem_classes="halves"):
        with gr.Column(scale=7, min_width=300):
            plot = widget("map-open", "map", chart.view(marks), events=MAP_EVENTS, elem_id="map")
            clusters = widget(
                "insight", "clusters", {}, events=["ponder", "rename"], elem_id="clusters"
            )
        with gr.Column(scale=4, min_width=260):
            detail = widget("cards", "detail", opened, events=DETAIL_EVENTS, elem_id="detail")
    progress = gr.HTML("", elem_id="choice-progress", elem_classes="progress")
    listing = Listing()
    shown = choice_view(chart, marks, listing)
    choice = widget("choice", "choice", shown, events=CHOICE_EVENTS, elem_id="choice")
    states = gr.State(marks), gr.State(listing), gr.State(None)
    return ExploreTab(
        text, run, clear, less, file, weights, plot, clusters, detail, choice, progress, *states
    )


def place_more() -> tuple[gr.Textbox, gr.File, tuple[gr.Slider, gr.Slider]]:
    """Lay out the other ways to search: less of something, a picture, and weights."""
    with gr.Accordion("Search by a picture, or with less of something", open=False):
        with gr.Row(elem_classes="settings"):
            with gr.Column(scale=5, min_width=260):
                file = gr.File(
                    file_types=EXTENSIONS,
                    label="A picture to search by, and to place on the map",
                    show_label=False,
                    height=110,
                    elem_id="search-file",
                    elem_classes="drop",
                )
            with gr.Column(scale=6, min_width=260):
                less = gr.Textbox(label="Less of", elem_id="search-less", placeholder="people")
                with gr.Row():
                    words = gr.Slider(0, 2, 1, step=0.1, label="Weight of the words")
                    picture = gr.Slider(0, 2, 1, step=0.1, label="Weight of the picture")
    return less, file, (words, picture)


def wire(tab: ExploreTab, desk: Desk, walks: InterpolateTab) -> None:
    """Say what happens when."""
    chart = desk.chart
    answer = [tab.choice, tab.map, tab.marks, tab.listing]
    wire_search(tab, chart, answer)
    wire_choice(tab, chart, answer)
    tab.map.choose(bind(keeping(selected), chart), tab.marks, answer, **LIGHT)
    tab.map.line(bind(keeping(lined), chart), tab.marks, answer, **LIGHT)
    asked = tab.clusters.ponder(bind(learnt, chart), None, tab.clusters, **LIGHT)
    asked.then(bind(calibrated, chart), None, None, **LIGHT)
    tab.clusters.rename(bind(renamed, chart), None, tab.clusters, **LIGHT)
    made = [tab.detail, tab.map, tab.marks, tab.made]
    for source in (tab.map, tab.detail):
        source.draw(
            bind(keeping(drawn), chart), tab.marks, made, show_progress_on=tab.detail, **MODEL
        )
    tab.detail.use(bind(used, chart), tab.made, desk.walk_ends, **MODEL)
    stroll = bind(strolled, chart)
    shown = [walks.player, walks.away.kept, *walks.shown, desk.tabs]
    known = [tab.marks, walks.settings.loop]
    tab.choice.stroll(stroll, known, shown, show_progress_on=tab.progress, **LONG)
    walks.player.chart(
        bind(keeping(shown_path), chart), tab.marks, [tab.map, tab.marks, desk.tabs], **LIGHT
    )
    for source in (tab.map, tab.detail, tab.choice):
        desk.opens(source)


def wire_others(tab: ExploreTab, desk: Desk, captions: CaptionTab, plates: GenerateTab) -> None:
    """Let what the other tabs made be put on the map."""
    chart = desk.chart
    shown = [tab.choice, tab.map, tab.marks, tab.listing, desk.tabs]
    plate, end = bind(keeping(put_plate), chart), bind(keeping(put_end), chart)
    plates.plates.chart(plate, [tab.marks, plates.made], shown, **MODEL)
    captions.answer.chart(end, [tab.marks, captions.end], shown, **MODEL)


def wire_search(tab: ExploreTab, chart: Visiting[Chart], answer: list[Any]) -> None:
    """Say how a question is put, forgotten and brought back."""
    asked = [tab.text, tab.less, tab.file, *tab.weights, tab.marks]
    for trigger in (tab.text.submit, tab.less.submit, tab.run.click, tab.file.upload):
        trigger(bind(keeping(ask), chart), asked, answer, show_progress_on=tab.choice, **MODEL)
    forget = [tab.text, tab.less, tab.file, *answer]
    tab.clear.click(bind(keeping(emptied), chart), tab.marks, forget, **LIGHT)
    tab.detail.more(bind(keeping(more_like), chart), tab.marks, answer, **LIGHT)
    back = [tab.detail, *answer, tab.text, tab.less]
    tab.map.restore(bind(keeping(restored), chart), tab.marks, back, **MODEL)


def wire_choice(tab: ExploreTab, chart: Visiting[Chart], answer: list[Any]) -> None:
    """Say what the pictures and the table below the map do."""
    known = [tab.marks, tab.listing]
    tab.choice.turn(bind(turned, chart), known, [tab.choice, tab.listing], **LIGHT)
    tab.choice.tick(
        bind(keeping(ticked), chart), known, answer[:3], trigger_mode="multiple", **LIGHT
    )
    tab.choice.walk(bind(keeping(chosen_walk), chart), known, answer, **LIGHT)
    tab.choice.export(
        bind(exported, chart), known, tab.choice, show_progress_on=tab.progress, **LONG
    )


def opener(tab: ExploreTab, tabs: gr.Tabs, chart: Visiting[Chart]) -> Opens:
    """Return what lets any widget open an engraving here."""
    run = bind(keeping(open_item), chart)

    def opens(source: gr.HTML) -> None:
        shown = [tab.detail, tab.map, tab.marks, tabs]
        source.open(run, tab.marks, shown, show_progress_on=tab.detail, **MODEL)

    return opens


def emptied(chart: Chart, marks: Marks) -> tuple[Any, ...]:
    """Forget a question, and empty what it was written in."""
    return "", "", None, *cleared(chart, marks)
