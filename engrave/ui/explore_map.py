"""What the map of Explore shows: where its files lie, what is marked on it, and what it learnt.

A session's marks travel with every answer:

    found     rows that the last question found, best first
    scores    how well every point answers it, one byte each, as base64
    question  {text, less} of it, for the address
    selected  one bit a point, as base64
    places    [{x, y, words}]: what was put on the map beside the collection
    path      [[x, y]]: a walk
    stops     rows that the walk calls at
    focus     the open row; the map is given its id too, as `open`
"""

import base64
import hashlib
import json
import os
import shutil
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import gradio as gr
import numpy as np

from engrave import limits
from engrave.access import read_only, refuse_changes
from engrave.collection import Collection
from engrave.collection.insight import Insight, Insights
from engrave.collection.queries import Yardstick, closest
from engrave.engine import Engine
from engrave.errors import AccessError, PromptError
from engrave.originals.shown import Shown
from engrave.places import PLOTLY
from engrave.ui.files import file_url
from engrave.ui.views import View, Views, origin_of, remembered

PLOTLY_VERSION = "3.7.0"
CHUNK = 500  # captions in one file of the map, about 40 kB
TRIED = 200  # captions whose distances calibrate those of texts
LONE_CODE = 255
Marks = dict[str, Any]
FRESH: Marks = {
    "found": [], "scores": "", "question": {}, "selected": "", "places": [], "path": [],
    "stops": [], "focus": None,
}  # fmt: skip


def map_files(
    collection: Collection, folder: Path, originals: Shown, *, public: bool = True
) -> View:
    """Return where the browser finds the map; writes what is not there yet in small files.

    `public` says that a browser may read the collection's own files; else `folder` gets links.
    """
    source = collection.page_folder() if len(collection) else None
    if source is None:
        return {}
    write_captions(collection, folder)
    shown = source if public else linked(source, folder)
    version = collection.label.version or collection.model_version or "0"
    at = {name: file_url(shown / name, version) for name in ("map-xy.bin", "NAME")}
    sheets = originals.sheets
    if sheets is not None:
        gr.set_static_paths([str(path.resolve()) for path in sheets.glob("atlas-*.webp")])
    marked = np.flatnonzero(originals.rows & (sheets is not None))
    return {
        "files": {
            "xy": at["map-xy.bin"],
            "folder": at["NAME"],
            "sheets": file_url(sheets / "NAME", originals.version) if sheets else at["NAME"],
            "originals": bits_text(marked, len(collection)),
            "facets": file_url(shown / "map-facets.json", version),
            "captions": file_url(folder / "captions-NUMBER.json"),
            "plotly": file_url(PLOTLY, PLOTLY_VERSION),
            "chunk": CHUNK,
            "count": len(collection),
            "rows": rows_key(collection),
        }
    }


def rows_key(collection: Collection) -> str:
    """Return what changes where other engravings stand in the rows, or in another order."""
    ids = "\n".join(item.id for item in collection.items)
    return hashlib.sha256(ids.encode()).hexdigest()[:12]


def linked(source: Path, folder: Path) -> Path:
    """Put map and sheets of thumbnails in a public folder too, and return it."""
    for path in (*source.glob("map-*"), *source.glob("atlas-*.webp")):
        place = folder / path.name
        place.unlink(missing_ok=True)
        try:
            os.link(path, place)
        except OSError:  # another disk
            shutil.copyfile(path, place)
    return folder


def write_captions(collection: Collection, folder: Path) -> None:
    """Write caption, origin and kind of picture of each engraving, so that a hover asks nobody."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, start in enumerate(range(0, len(collection), CHUNK)):
        items = collection.items[start : start + CHUNK]
        lines = [
            [item.caption, origin_of(item), remembered(collection, row)]
            for row, item in enumerate(items, start)
        ]
        path = folder / f"captions-{number}.json"
        path.write_text(json.dumps(lines, ensure_ascii=False), encoding="utf-8")


@dataclass
class Chart:
    """The map of one collection: what all of its handlers share."""

    engine: Engine
    views: Views
    folder: Path  # public, for files of the map
    name: str = ""  # of an own collection
    maps: Path | None = None  # where what the map learns of itself is kept, else in the home
    fixed: bool = False  # whether its names are everybody's, so that no visitor may change them
    _lock: Lock = field(default_factory=Lock)
    _texts: Yardstick | None = None
    _base: tuple[str, View] | None = None

    @property
    def base(self) -> View:
        """Where the browser finds the map, with the originals that are there now."""
        own, originals = self.engine.collection, self.views.originals
        stamp, base = originals.stamp, self._base
        if base is None or base[0] != stamp:
            files = map_files(own, self.folder, originals, public=not self.name)
            self._base = base = stamp, files and files | {"collection": self.name}
        return base[1]

    @cached_property
    def insights(self) -> Insights:
        """Trust and clusters, worked out when the map is first opened."""
        return Insights(self.engine.collection, self.maps)

    @property
    def texts(self) -> Yardstick | None:
        """What the distance of a text is measured by; None until it was worked out."""
        return self._texts

    def view(self, marks: Marks) -> View:
        """Return the map with its marks."""
        if not self.base:
            return {}
        focus, items = marks.get("focus"), self.engine.collection.items
        opened = isinstance(focus, int) and 0 <= focus < len(items) and items[focus].id
        return self.base | marks | {"open": opened or None}

    def calibrate(self) -> None:
        """Measure how near captions of the collection come to its pictures, for texts."""
        with self._lock:
            if self._texts is None:
                collection = self.engine.collection
                told = [item.caption for item in collection.items if item.caption]
                if not told:  # pictures that were imported without captions
                    return
                rows = np.linspace(0, len(told) - 1, min(TRIED, len(told))).astype(int)
                captions = [told[row] for row in rows]
                asked = self.engine.embed_texts(captions)
                self._texts = Yardstick(closest(collection.blocks(), asked), "captions")


def learnt(chart: Chart) -> View:
    """Work out what the map can say of itself, and return where the browser finds it."""
    if not chart.base:
        return {}
    return insight_view(chart, chart.insights.get())


def calibrated(chart: Chart) -> None:
    """Get the yardstick of texts ready before one is placed."""
    if chart.base:
        chart.calibrate()


def renamed(chart: Chart, event: gr.EventData) -> View:
    """Give a cluster the name that was typed."""
    refuse_changes()
    if chart.fixed:
        raise AccessError(
            "All visitors see these names, so nobody changes them here; import pictures of your "
            "own, or run Engrave on a machine of your own."
        )
    data = event._data if isinstance(event._data, dict) else {}
    number, name = data.get("number"), data.get("name")
    if isinstance(number, bool) or not isinstance(number, int) or not isinstance(name, str):
        raise PromptError("This cluster is no longer here; open the map again.")
    return insight_view(chart, chart.insights.rename(number, name))


def insight_view(chart: Chart, found: Insight) -> View:
    """Write one byte a point for trust and cluster; return their addresses and the clusters."""
    trust = np.round(100 * found.trust_N).astype(np.uint8)
    codes = np.where(found.labels_N < 0, LONE_CODE, found.labels_N).astype(np.uint8)
    address = {}
    for name, values in (("trust", trust), ("cluster", codes)):
        path = chart.folder / f"insight-{name}.bin"
        path.write_bytes(values.tobytes())
        address[name] = file_url(path)
    return address | {
        "fixed": chart.fixed or read_only(),
        "mean": float(found.trust_N.mean()),
        "lone": int((found.labels_N < 0).sum()),
        "clusters": [
            {
                "name": one.name,
                "size": one.size,
                "medoid": one.medoid,
                "thumb": chart.views.thumbnail(one.medoid),
                "x": round(float(np.median(chart.engine.collection.places[rows, 0])), 4),
                "y": round(float(np.median(chart.engine.collection.places[rows, 1])), 4),
            }
            for number, one in enumerate(found.clusters)
            for rows in [np.flatnonzero(found.labels_N == number)]
        ],
    }


def scores_text(scores_N: np.ndarray) -> str:
    """Return the standing of each point in a question, best 255, one byte each, as base64."""
    if not len(scores_N):
        return ""
    ranks = scores_N.argsort(kind="stable").argsort(kind="stable")
    # ranks alone would light half of the map: the fourth power keeps the light for the best
    share = (ranks / max(len(scores_N) - 1, 1)) ** 4
    return base64.b64encode(np.round(255 * share).astype(np.uint8).tobytes()).decode("ascii")


def bits_text(rows: list[int] | np.ndarray, count: int) -> str:
    """Return one bit a point as base64, empty where none is set."""
    if not len(rows):
        return ""
    mask = np.zeros(count, bool)
    mask[rows] = True
    return base64.b64encode(np.packbits(mask, bitorder="little").tobytes()).decode("ascii")


def rows_of_bits(text: object, count: int) -> list[int]:
    """Return the rows whose bit is set; raises PromptError for what is no selection of this map."""
    if not text:
        return []
    try:
        data = base64.b64decode(str(text), validate=True)
    except ValueError as error:
        raise PromptError("This selection cannot be read; select again.") from error
    if len(data) != -(-count // 8):
        raise PromptError("This selection is of another map; select again.")
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    return np.flatnonzero(bits[:count]).tolist()


def numbers(event: gr.EventData, name: str, most: int = 256) -> list[float]:
    """Return a list of finite numbers that an event carries."""
    data = event._data.get(name) if isinstance(event._data, dict) else None
    values = data if isinstance(data, list) else [data]
    found = [one for one in map(limits.finite, values[:most]) if one is not None]
    if not values or len(found) != len(values):
        raise PromptError("This place is not on the map; click it again.")
    return found
