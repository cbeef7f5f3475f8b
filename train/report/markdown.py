"""Writes the parts of a report as Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from train.report.blocks import Block, Items, Picture, Section, Table, Text

SPECIAL = re.compile(r"([<>])")
SIGNS = {"pass": "✓ pass", "note": "i note", "warn": "! warn", "fail": "✗ fail", "open": "○ open"}


def to_markdown(title: str, sections: Sequence[Section]) -> str:
    """Return the whole report; charts are left to the HTML page."""
    parts = [f"# {title}"]
    for section in sections:
        written = [part for part in map(_block, section.blocks) if part]
        parts += [f"{'#' * section.level} {_safe(section.title)}", *written]
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Text):
        return _safe(block.text)
    if isinstance(block, Items):
        return "\n".join(f"- {_safe(line)}" for line in block.lines)
    if isinstance(block, Table):
        lines = [_row(block.head), "|" + "---|" * len(block.head)]
        return "\n".join([*lines, *(_row(row) for row in block.rows)])
    return f"- {_safe(block.caption)}" if isinstance(block, Picture) else ""


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_safe(SIGNS.get(c, c)).replace("|", "\\|") for c in cells) + " |"


def _safe(text: str) -> str:
    """Keep names from a foreign log from becoming markup."""
    return SPECIAL.sub(r"\\\1", text).replace("\n", " ")
