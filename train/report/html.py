"""Writes the parts of a report as one page that asks the network for nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from engrave.places import PLOTLY
from train.report.blocks import Block, Chart, Curve, Items, Picture, Section, Table, Text
from train.report.look import CSS, SCRIPT
from train.report.statistics import envelope

POLICY = (
    "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline' 'unsafe-eval'; font-src data:"
)
COLOURS = ("#7a1f1f", "#1f4d7a", "#4f6b1f", "#7a5a1f", "#5a1f7a", "#1f7a6b")


def to_html(title: str, sections: Sequence[Section]) -> str:
    """Return the page; text from the log is escaped, also inside the charts' data."""
    figures: list[dict[str, Any]] = []
    body = "".join(_section(place, section, figures) for place, section in enumerate(sections))
    links = "".join(
        f'<a href="#s{place}">{escape(section.title)}</a>'
        for place, section in enumerate(sections)
        if section.level == 2
    )
    data = json.dumps(figures, allow_nan=False).replace("<", "\\u003c")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{CSS}</style></head><body>"
        f"<nav aria-label='Sections'>{links}</nav><main><h1>{escape(title)}</h1>{body}</main>"
        f"<script>{_plotly()}</script><script>const FIGURES={data};{SCRIPT}</script></body></html>"
    )


def _plotly() -> str:
    return PLOTLY.read_text(encoding="utf-8").replace("</script", "<\\/script")


def _section(place: int, section: Section, figures: list[dict[str, Any]]) -> str:
    blocks = "".join(_block(block, figures) for block in section.blocks)
    tag = f"h{section.level}"
    return f'<section id="s{place}"><{tag}>{escape(section.title)}</{tag}>{blocks}</section>'


def _block(block: Block, figures: list[dict[str, Any]]) -> str:
    if isinstance(block, Text):
        return f"<p>{escape(block.text)}</p>"
    if isinstance(block, Items):
        return _items(block)
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Picture):
        caption = escape(block.caption)
        return (
            f'<figure><img src="{escape(block.uri)}" alt="{caption}">'
            f"<figcaption>{caption}</figcaption></figure>"
        )
    figures.append(_figure(block))
    name = escape(block.title)
    return (
        f'<div class="chart" data-figure="{len(figures) - 1}" role="img" aria-label="{name}"></div>'
    )


def _items(block: Items) -> str:
    grades = [*block.grades, *[""] * (len(block.lines) - len(block.grades))]
    lines = zip(block.lines, grades, strict=True)
    return "<ul>" + "".join(f"<li>{_mark(g)}{escape(t)}</li>" for t, g in lines) + "</ul>"


def _mark(grade: str) -> str:
    return f'<b class="{escape(grade)}">{escape(grade)}</b> ' if grade else ""


def _table(block: Table) -> str:
    head = "".join(f"<th scope='col'>{escape(cell)}</th>" for cell in block.head)
    grades = [*block.grades, *[""] * (len(block.rows) - len(block.grades))]
    rows = "".join(
        "<tr>" + "".join(_cell(cell, grade) for cell in row) + "</tr>"
        for row, grade in zip(block.rows, grades, strict=True)
    )
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        "</div>"
    )


def _cell(cell: str, grade: str) -> str:
    if grade and cell == grade:
        return f"<td>{_mark(grade)}</td>"
    return f"<td>{escape(cell)}</td>"


def _figure(chart: Chart) -> dict[str, Any]:
    traces = [_trace(curve, place) for place, curve in enumerate(chart.curves)]
    return {"title": escape(chart.title), "log": chart.log_scale, "traces": traces}


def _trace(curve: Curve, place: int) -> dict[str, Any]:
    thin = envelope(curve.series)
    colour = COLOURS[place // 2 % len(COLOURS)]
    trace: dict[str, Any] = {
        "x": thin.step.tolist(),
        "y": [float(f"{value:.6g}") for value in thin.value],
        "name": escape(curve.label),
        "mode": "markers+lines" if curve.style == "points" else "lines",
        "line": {"color": colour, "width": 1 if curve.style == "faint" else 2},
        "opacity": 0.35 if curve.style == "faint" else 1,
    }
    if curve.style == "dash":
        trace["line"]["dash"] = "dash"
    return trace
