"""The choice below the map, as pictures and as a table: pages, order, ticks, files to take away."""

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace

import gradio as gr
from PIL.Image import Image

from engrave.answers import Neighbour
from engrave.collection.export import Imported, as_contact_sheet, as_csv, as_json_lines, as_zip
from engrave.errors import PromptError
from engrave.progress import Progress
from engrave.shelf.records import Holding
from engrave.ui.explore_map import FRESH, Chart, Marks, bits_text, rows_of_bits
from engrave.ui.files import file_url, save, slug
from engrave.ui.stops import PROGRESS, reporter
from engrave.ui.views import View
from engrave.ui.widgets import position_of

PAGE = 24  # engravings of the choice that are shown at once
KINDS = ("found", "selection", "walk", "all")
ORDERS = ("", "caption", "subject", "technique", "book", "year")
MOST = {"csv": 100_000, "jsonl": 100_000, "pdf": 1000, "zip": 300}  # pictures take time
BATCH = 16  # pictures decoded at once
TASK = "export"


@dataclass(frozen=True, slots=True)
class Listing:
    """What the choice shows: of which rows, in which order, which page."""

    kind: str = "all"
    page: int = 0
    order: str = ""  # as they come, which for a question is best first
    down: bool = False
    heading: str = ""


def listed(chart: Chart, marks: Marks, listing: Listing) -> list[int]:
    """Return all rows of the choice in order."""
    count = len(chart.engine.collection)
    if listing.kind == "found":
        rows = list(marks["found"])
    elif listing.kind == "selection":
        rows = rows_of_bits(marks["selected"], count)
    elif listing.kind == "walk":
        rows = list(marks["stops"])
    else:
        rows = list(range(count))
    if listing.order:
        items = chart.engine.collection.items
        rows.sort(key=lambda row: getattr(items[row], listing.order), reverse=listing.down)
    return rows


def choice_view(chart: Chart, marks: Marks, listing: Listing, file: View | None = None) -> View:
    """Return one page of the choice."""
    if not len(chart.engine.collection):
        return {}
    rows = listed(chart, marks, listing)
    pages = max(1, -(-len(rows) // PAGE))
    page = min(listing.page, pages - 1)
    chosen = set(rows_of_bits(marks["selected"], len(chart.engine.collection)))
    shown = rows[page * PAGE : (page + 1) * PAGE]
    items = [
        chart.views.neighbour(chart.engine.collection.neighbour(row)) | {"ticked": row in chosen}
        for row in shown
    ]
    return {
        "kind": listing.kind, "heading": listing.heading, "order": listing.order,
        "down": listing.down, "page": page, "pages": pages, "total": len(rows), "items": items,
        "selected": len(chosen), "found": len(marks["found"]), "stops": len(marks["stops"]),
        "all": len(chart.engine.collection), "file": file,
        "place": marks["places"][0] if marks["places"] and listing.kind == "found" else None,
    }  # fmt: skip


def turned(
    chart: Chart, marks: Marks, listing: Listing, event: gr.EventData
) -> tuple[View, Listing]:
    """Show another page, order or kind of the choice."""
    data = event._data if isinstance(event._data, dict) else {}
    kind, order, page = (data.get(name) for name in ("kind", "order", "page"))
    if kind in KINDS and kind != listing.kind:
        listing = Listing(kind)
    elif order in ORDERS:
        listing = replace(listing, order=order, down=data.get("down") is True, page=0)
    elif isinstance(page, int) and not isinstance(page, bool) and page >= 0:
        listing = replace(listing, page=page)
    return choice_view(chart, marks, listing), listing


def selected(chart: Chart, marks: Marks, event: gr.EventData) -> tuple[View, View, Marks, Listing]:
    """Take over what was selected on the map."""
    data = event._data if isinstance(event._data, dict) else {}
    count = len(chart.engine.collection)
    rows = rows_of_bits(data.get("bits"), count)
    marks = FRESH | marks | {"selected": bits_text(rows, count)}
    kind = "selection" if rows else "found" if marks["found"] else "all"
    listing = Listing(kind)
    return choice_view(chart, marks, listing), chart.view(marks), marks, listing


def ticked(
    chart: Chart, marks: Marks, listing: Listing, event: gr.EventData
) -> tuple[View, View, Marks]:
    """Add a row of the table to the selection or take it out; `all` means every row listed."""
    data = event._data if isinstance(event._data, dict) else {}
    count = len(chart.engine.collection)
    chosen = set(rows_of_bits(marks["selected"], count))
    if data.get("all") is True:
        meant = set(listed(chart, marks, listing))
    else:
        meant = {position_of(event, "index", count)}
    chosen = chosen | meant if data.get("on") is True else chosen - meant
    marks = FRESH | marks | {"selected": bits_text(sorted(chosen), count)}
    return choice_view(chart, marks, listing), chart.view(marks), marks


def exported(
    chart: Chart,
    marks: Marks,
    listing: Listing,
    request: gr.Request,
    event: gr.EventData,
    progress: gr.Progress = PROGRESS,
) -> View:
    """Write what is selected, else what is listed, and return its address."""
    data = event._data if isinstance(event._data, dict) else {}
    kind = str(data.get("format"))
    if kind not in MOST:
        raise PromptError("There are CSV, JSON lines, PDF and ZIP; choose one of them.")
    count = len(chart.engine.collection)
    rows = rows_of_bits(marks["selected"], count) or listed(chart, marks, listing)
    if len(rows) > MOST[kind]:
        raise PromptError(
            f"These are {len(rows):,} engravings and a {kind.upper()} takes up to "
            f"{MOST[kind]:,}; select fewer, or take the CSV."
        )
    chosen = [chart.engine.collection.neighbour(row) for row in rows]
    title = listing.heading or "A selection of engravings"
    report = reporter(TASK, progress, request)
    report(0.0, f"Writing {len(chosen)} engravings")
    written = _written(chart, kind, rows, chosen, title, report)
    name = f"engravings-{slug(title)}.{kind}"
    file = {"src": file_url(save(written, name)), "name": name, "count": len(rows)}
    return choice_view(chart, marks, listing, file)


def _written(
    chart: Chart,
    kind: str,
    rows: list[int],
    chosen: list[Neighbour],
    title: str,
    report: Progress,
) -> bytes:
    shown, engine = chart.views.originals, chart.engine
    originals: Container[str]
    if any(engine.collection.holds(row) for row in rows):
        items = map(engine.collection.item, rows)
        originals = Imported(item for item in items if isinstance(item, Holding))
    elif kind in ("pdf", "zip"):
        read = shown.thumbnail if kind == "pdf" else shown.picture
        originals = {one.id for one in chosen if read(one.index) is not None}
    else:
        originals = {one.id for one in chosen if shown.rows[one.index]}
    if kind == "csv":
        return as_csv(chosen, originals)
    if kind == "jsonl":
        return as_json_lines(chosen, originals)
    if kind == "pdf":
        return as_contact_sheet(chosen, map(chart.views.sprite, rows), title, originals)
    return as_zip(chosen, _pictures(chart, rows, report), engine.model_version, originals)


def _pictures(chart: Chart, rows: list[int], report: Progress) -> Iterator[Image]:
    for start in range(0, len(rows), BATCH):
        report(start / len(rows), f"drawing {start} of {len(rows)}")
        batch = rows[start : start + BATCH]
        held = chart.engine.collection.picture
        found = {row: chart.views.originals.picture(row) or held(row) for row in batch}
        drawn = [row for row in batch if found[row] is None]
        if drawn:
            pictures = chart.engine.decode(chart.engine.collection.latents[drawn])
            found |= dict(zip(drawn, pictures, strict=True))
        yield from (picture for picture in map(found.get, batch) if picture is not None)
