"""The page: five tabs, what they share, and the settings it is served with."""

import html
import importlib.util
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

import engrave.ui.zero  # noqa: F401  a Space on ZeroGPU looks for a function that asks for a GPU
from engrave.access import accounts, admits, alone
from engrave.engine import Engine
from engrave.places import FONTS, PLOTLY
from engrave.ui import (
    caption,
    explore,
    explore_own,
    files,
    generate,
    interpolate,
    record,
    scratch,
    training,
    walk_layout,
)
from engrave.ui.api import add_endpoints
from engrave.ui.api_review import add_review_endpoints
from engrave.ui.desk import LIGHT, Desk
from engrave.ui.examples import FOLDER, Examples, read_examples
from engrave.ui.explore_map import FRESH, Chart
from engrave.ui.forgetting import keep_little
from engrave.ui.guard import Guard
from engrave.ui.room import bound, kept_s
from engrave.ui.sessions import Sessions
from engrave.ui.speech import bind, speak_throughout
from engrave.ui.theme import STATIC, paper_theme, style_sheet
from engrave.ui.unread import drop_unread
from engrave.ui.views import Views
from engrave.ui.visitors import UPLOADED, Visitors

TITLE = "Engrave"
MAX_WAITING = 100  # requests in all lines together
HEADER = """
<header class="masthead">
  <h1>Engrave</h1>
  <p>A small model of old engravings: it says what a picture shows, draws new ones from words,
  walks from one to another, and lays a whole collection out as a map.</p>
</header>
"""
FOOTER = """
<footer class="colophon">
  <p>PICTURES The books themselves are in the public domain and are linked at Project Gutenberg. An
  engraving that the model draws from a text begins from how it remembers one that fits the text,
  blurred by chance. The model is small, knows mostly Western books of the 19th century, and has
  learnt their prejudices with them: read its captions as suggestions.</p>
  <p class="facts">Model VERSION · NUM engravings from BOOKS books · nothing leaves this machine</p>
</footer>
"""

NO_ORIGINALS = (
    "Every picture on this page was made by the model. What it shows of the collection is how it "
    "remembers an engraving, not a scan."
)
SOME_ORIGINALS = (
    "SOME engravings of the collection are shown by their originals, scans from Project Gutenberg, "
    "and are marked as such. Every other picture on this page was made by the model, also of the "
    "collection: how it remembers an engraving."
)


def build_page(engine: Engine, examples: Path = FOLDER, trained: Path = record.FOLDER) -> gr.Blocks:
    """Lay out the whole page over an engine and wire it."""
    views = Views(engine)
    shown = read_examples(views, examples)
    words = scratch.public_folder()
    sessions = Sessions(Chart(engine, views, words))
    publish_files(views, examples, words, trained)
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=kept_s()) as page:
        gr.HTML(HEADER, padding=False)
        plot = lay_out(page, sessions, shown, training_tab=(trained, words))
        page.load(None, js=explore.FROM_ADDRESS, api_name=False)
        foot = gr.HTML(colophon(views), padding=False)
        built = views.originals.stamp
        page.load(bind(renewed, sessions.shipped, shown.opened, built), None, [plot, foot], **LIGHT)
        add_endpoints(engine, views, sessions)
        add_review_endpoints(engine)
    page.temp_file_sets += [files.MADE, UPLOADED]
    page.queue(max_size=MAX_WAITING, default_concurrency_limit=1, api_open=False)
    keep_little(page)
    drop_unread(page)
    speak_throughout(page)
    return page


def lay_out(
    page: gr.Blocks, sessions: Sessions, shown: Examples, training_tab: tuple[Path, Path]
) -> gr.HTML:
    """Place the five tabs, then wire them, since each may send to another; return the map."""
    chart = sessions.shipped
    with gr.Tabs(elem_id="tabs") as tabs:
        with gr.Tab("Caption", id="caption"):
            captions = caption.place(shown)
        with gr.Tab("Generate", id="generate"):
            plates = generate.place(shown, chart.engine.maker.directions)
        with gr.Tab("Interpolate", id="interpolate"):
            walks = walk_layout.place(shown)
        with gr.Tab("Explore", id="explore"):
            opened = shown.opened
            src = shown.opened_src
            detail = {} if opened is None else explore.show_item(chart, opened, src)
            own = explore_own.place(sessions)
            mapped = explore.place(chart, detail, opened)
        with gr.Tab("Training", id="training"):
            run = training.place(*training_tab)
    opens = explore.opener(mapped, tabs, sessions.chart)
    given = sessions.chart, sessions.engine, sessions.views
    desk = Desk(*given, chart.engine, chart.views, shown, tabs, [walks.arrival, tabs], opens)
    caption.wire(captions, desk, page)
    generate.wire(plates, desk, captions.files)
    interpolate.wire(walks, desk)
    explore.wire(mapped, desk, walks)
    explore.wire_others(mapped, desk, captions, plates)
    explore_own.wire(own, mapped, sessions, page, opens=opens, opened=(detail, opened))
    training.wire(run)
    return mapped.map


def renewed(chart: Chart, opened: int | None, built: str) -> tuple[Any, Any]:
    """Show originals that came, or went, after the page was built; else change nothing."""
    if chart.views.originals.stamp == built:
        return gr.skip(), gr.skip()
    return chart.view(FRESH | {"focus": opened}), colophon(chart.views)


def publish_files(views: Views, examples: Path, words: Path, trained: Path) -> None:
    """Let the browser read what the page needs, and nothing else of the repository."""
    folder = views.engine.collection.page_folder()
    shown = (trained / name for name in record.PICTURES)
    public = [STATIC, FONTS, PLOTLY, examples, words, *shown]
    public = [path for path in public if path.exists()]
    if folder is not None:
        public += [*folder.glob("map-*"), *folder.glob("atlas-*.webp")]
    gr.set_static_paths([str(path.resolve()) for path in public])


def colophon(views: Views) -> str:
    """Return the foot of the page."""
    engine, originals = views.engine, len(views.originals)
    books = len({item.gutenberg_id for item in engine.collection.items})
    facts = {"VERSION": engine.model_version, "NUM": f"{len(engine.collection):,}", "BOOKS": books}
    facts["PICTURES"] = (
        SOME_ORIGINALS.replace("SOME", f"{originals:,}") if originals else NO_ORIGINALS
    )
    text = FOOTER
    for name, value in facts.items():
        text = text.replace(name, html.escape(str(value)))
    return text


def launch_settings() -> dict[str, Any]:
    """Return what `launch` needs besides an address."""
    known = accounts()
    bound()  # a setting that cannot be read is told at the start
    return {
        "auth": admits(known) if known else None,
        "auth_message": "This page asks for a name and a password.",
        "theme": paper_theme(),
        "css": style_sheet(),
        "footer_links": ["api"],
        "run_history": False,
        "enable_monitoring": False,
        "max_file_size": "30mb" if alone() else "400mb",  # a ZIP to import
        "ssr_mode": False,
        "pwa": False,
        "share": False,
        "state_session_capacity": 500,
        "allowed_paths": [],
        "app_kwargs": {"middleware": [Middleware(Guard), Middleware(Visitors)]},
        "mcp_server": importlib.util.find_spec("mcp") is not None and not known,  # it has no login
    }
