"""A record as one row of flat, named cells, and a row as the record it was written from.

The last cell, `details`, holds what has no column of its own, so that nothing is lost. What a
person changed in the columns meanwhile counts as an edit, or as a decision.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engrave.errors import ReviewError
from engrave.review.parsing import from_json
from engrave.review.record import (
    ACCEPTED,
    DECIDED,
    EDITED,
    LABELS,
    MACHINE,
    REJECTED,
    STATES,
    Record,
    decided,
    edited,
    released,
    verdict_on,
    written,
)

COLUMNS = (
    "file_name", "caption", "alt_text", "printed_title", "printed_words", "tags", "state", "mark",
    "reviewer", "reviewed", "edit_distance", "machine_caption", "model_version", "written",
    "probability", "match", "key", "details",
)  # fmt: skip
EDITABLE = {
    "caption": "caption",
    "alt_text": "alt",
    "printed_title": "title",
    "printed_words": "printed",
    "tags": "tags",
}
BETWEEN_TAGS = "; "
MARKS = {
    "machine": "machine text, not reviewed",
    "edited": "machine text, edited, not accepted",
    "accepted": "machine text, accepted by a person",
    "rejected": "machine text, rejected",
}


def mark_of(record: Record) -> str:
    """Return in words what the texts are, and which of them a person wrote or changed."""
    own = written(record)
    mark = _mark_each(record) if record.verdicts else MARKS[record.state]
    if not record.verdicts and record.state == ACCEPTED and "caption" in own:
        mark = "machine text, edited and accepted by a person"
    return f"{mark}; by a person: {', '.join(LABELS[name] for name in own)}" if own else mark


def _mark_each(record: Record) -> str:
    """Return the same where texts were decided one by one."""
    there = [name for name in LABELS if getattr(record, name)]
    parts = []
    for words, states in (
        ("accepted by a person", (ACCEPTED,)),
        ("rejected", (REJECTED,)),
        ("not accepted", (MACHINE, EDITED)),
    ):
        names = [LABELS[one] for one in there if verdict_on(record, one).state in states]
        parts += [f"{words}: {', '.join(names)}"] if names else []
    return f"machine text, {'; '.join(parts)}"


def row_of(record: Record) -> dict[str, Any]:
    """Return the cells of a record by the names of their columns."""
    texts = released(record)
    return {
        "file_name": record.file,
        "caption": texts["caption"],
        "alt_text": texts["alt"],
        "printed_title": texts["title"],
        "printed_words": texts["printed"],
        "tags": BETWEEN_TAGS.join(texts["tags"]),
        "state": record.state,
        "mark": mark_of(record),
        "reviewer": record.reviewer,
        "reviewed": record.reviewed,
        "edit_distance": record.distance,
        "machine_caption": record.machine.caption,
        "model_version": record.machine.model_version,
        "written": record.machine.written,
        "probability": round(record.machine.probability, 4),
        "match": round(record.match, 4),
        "key": record.key,
        "details": json.dumps(record.as_json(), ensure_ascii=False),
    }


def record_of_row(row: Mapping[str, Any]) -> Record:
    """Return the record of a row, with what was changed in its columns since."""
    try:
        record = from_json(json.loads(str(row["details"])))
    except (KeyError, ValueError, RecursionError) as error:
        raise ReviewError(
            "The column 'details' is missing or damaged; read the table that was exported here, "
            "with all of its columns."
        ) from error
    texts = {name: str(row[column] or "") for column, name in EDITABLE.items() if column in row}
    left = released(record)
    texts = {name: text for name, text in texts.items() if text != _cell(left[name])}
    changed = edited(record, texts) if texts else record
    state, reviewer = str(row.get("state") or record.state), str(row.get("reviewer") or "")
    if state not in STATES:
        raise ReviewError(
            f"{record.file} has the state '{state[:40]}'; it may be {', '.join(STATES)}."
        )
    same = (state, reviewer) == (record.state, record.reviewer)
    if state in DECIDED and (changed is not record or not same):
        return decided(changed, state, reviewer)
    return changed


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else BETWEEN_TAGS.join(value)
