"""What Explore has for own collections: the choice of one, imports, versions, comparisons."""

from dataclasses import dataclass

import gradio as gr

from engrave.access import read_only
from engrave.ui import explore_compare, explore_import, explore_shelf, explore_versions
from engrave.ui.explore import ExploreTab, Opens
from engrave.ui.explore_import import ImportTab
from engrave.ui.explore_shelf import First, Keeper, ShelfHead
from engrave.ui.sessions import Sessions
from engrave.ui.views import View

LABEL = "Own collections: import pictures, go back to a version, compare"


@dataclass(frozen=True, slots=True)
class OwnPart:
    """The components above the map."""

    head: ShelfHead
    importing: ImportTab
    versions: gr.HTML
    compared: gr.HTML


def place(sessions: Sessions) -> OwnPart:
    """Lay out what stands above the map."""
    head = explore_shelf.place(sessions)
    with gr.Accordion(LABEL, open=False, elem_id="own"), gr.Tabs(elem_classes="small-tabs"):
        with gr.Tab("Import", visible=not read_only()):
            importing = explore_import.place()
        with gr.Tab("Versions"):
            versions = explore_versions.place()
        with gr.Tab("Compare"):
            compared = explore_compare.place()
    return OwnPart(head, importing, versions, compared)


def wire(
    own: OwnPart,
    tab: ExploreTab,
    sessions: Sessions,
    page: gr.Blocks,
    *,
    opens: Opens,
    opened: tuple[View, int | None],
) -> None:
    """Say what happens when; `opened` is what a first visit shows beside the map."""
    keeper = Keeper(sessions, own.head, tab, own.versions, own.compared, First(*opened))
    explore_shelf.wire(keeper, page)
    explore_import.wire(own.importing, keeper)
    explore_versions.wire(keeper)
    explore_compare.wire(keeper, opens)
