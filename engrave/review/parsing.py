"""Reads records from plain data, and refuses what is none."""

from __future__ import annotations

from typing import Any

from engrave.answers import Candidate
from engrave.errors import ReviewError
from engrave.review.record import (
    DECIDED,
    LABELS,
    STATES,
    TEXTS,
    Evidence,
    Machine,
    Record,
    Verdict,
)


def from_json(page: object) -> Record:
    """Return the record of plain data; raises ReviewError where it is none."""
    try:
        if not isinstance(page, dict):
            raise TypeError(page)
        machine = dict(page["machine"])
        machine["tags"] = tuple(str(tag) for tag in machine.get("tags", ()))
        machine["candidates"] = tuple(_candidate(one) for one in machine.get("candidates", ()))
        machine["offered"] = tuple(str(text) for text in machine.get("offered", ()))
        machine["changes"] = tuple((str(a), str(b)) for a, b in machine.get("changes", ()))
        evidence = tuple(Evidence(**one) for one in page.get("evidence", ()))
        tags = tuple(str(tag) for tag in page.get("tags", ()))
        rest = page | {"machine": Machine(**machine), "evidence": evidence, "tags": tags}
        rest["verdicts"] = tuple(Verdict(**one) for one in page.get("verdicts", ()))
        return checked(Record(**rest))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ReviewError(
            "This is no record of a caption, or one of another version; "
            "load a project or an export that was saved here."
        ) from error


def _candidate(page: dict[str, Any]) -> Candidate:
    words = tuple((str(word), float(share)) for word, share in page.get("words", ()))
    return Candidate(**(page | {"words": words}))


def checked(record: Record) -> Record:
    """Return the record; raises ValueError where its parts are not what they should be."""
    strings = (record.key, record.file, record.state, record.reviewer, record.reviewed)
    times = (record.changed, record.machine.written)  # held against each other
    texts = (*(getattr(record, name) for name in TEXTS), record.machine.caption, *strings, *times)
    if not all(isinstance(text, str) for text in texts) or record.state not in STATES:
        raise ValueError(record.state)
    for one in record.verdicts:
        strings_of = (one.text, one.state, one.reviewer, one.reviewed)
        known = all(isinstance(text, str) for text in strings_of)
        if not known or one.text not in LABELS or one.state not in DECIDED:
            raise ValueError(one)
    numbers = (record.match, record.distance, record.machine.probability, record.machine.match)
    if not all(isinstance(number, int | float) for number in numbers):
        raise ValueError(numbers)
    return record
