"""The parts a report is made of; Markdown and HTML are written from the same parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from train.report.log import Series


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list; each entry may begin with a grade, which HTML colours."""

    lines: Sequence[str]
    grades: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    grades: Sequence[str] = ()  # of each row


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a chart."""

    label: str
    series: Series
    style: str = "solid"  # solid, faint, dash or points


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves over steps; HTML only."""

    title: str
    curves: Sequence[Curve]
    log_scale: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a data URI, with what is said of it; HTML only, Markdown says its caption."""

    uri: str
    caption: str


Block = Text | Items | Table | Chart | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, and what stands under it."""

    title: str
    blocks: list[Block]
    level: int = 2
    key: str = field(default="")
