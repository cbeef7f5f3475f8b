"""What the page shows of a desk: the table, the open record, its evidence, its editor."""

import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import lru_cache

from engrave.answers import Candidate
from engrave.calibration import Calibration, calibration_for
from engrave.errors import EngraveError
from engrave.image import open_picture
from engrave.review.evidence import marked, shared
from engrave.review.exports.formats import FORMATS
from engrave.review.exports.rows import BETWEEN_TAGS, mark_of
from engrave.review.inscriptions import can_read
from engrave.review.project import FILTERS
from engrave.review.record import (
    LABELS,
    MAX_ALT,
    MAX_PRINTED,
    Evidence,
    Record,
    acceptance,
    verdict_on,
)
from engrave.review.style import Style
from engrave.ui.files import data_url
from engrave.ui.review_session import Session
from engrave.ui.views import NOTHING, View, Views
from engrave.words import supported

PAGE = 25  # records of the table that are shown at once
UNREAD_SHOWN = 50


@lru_cache(maxsize=4)
def calibrated(model_version: str) -> Calibration | None:
    """Return how far this model's captions can be believed; a damaged file tells nothing."""
    try:
        return calibration_for(model_version)
    except EngraveError:
        return None


def belief(model_version: str, candidate: Candidate, near: Iterable[str]) -> View:
    """Return how likely a caption names something right, and whether that is enough; nothing where
    it was not measured for this model."""
    found = calibrated(model_version)
    if found is None:
        return {}
    support = supported(candidate.text, near)
    confidence = found.confidence(candidate.probability, candidate.match, support)
    return {"confidence": confidence, "sure": confidence >= found.threshold}


def belief_in(record: Record, candidate: Candidate) -> View:
    """Return the same for a caption of a record."""
    near = [one.caption for one in record.evidence]
    return belief(record.machine.model_version, candidate, near)


def table_view(session: Session) -> View:
    """Return one page of the table, and how far the batch is."""
    project, session.used = session.project, time.monotonic()
    chosen = project.chosen(session.which)
    pages = max(1, -(-len(chosen) // PAGE))
    session.page = min(session.page, pages - 1)
    shown = chosen[session.page * PAGE : (session.page + 1) * PAGE]
    unread = [{"file": name, "error": why} for name, why in project.unread.items()]
    return {
        "rows": [row_view(session, record) for record in shown],
        "counts": project.counts(),
        "all": len(project),
        "which": session.which,
        "filters": FILTERS,
        "page": session.page,
        "pages": pages,
        "opened": session.opened,
        "unread": unread[:UNREAD_SHOWN],
        "running": session.running,
        "done": session.done,
        "whole": session.whole,
        "waiting": len(session.queue),
        "loose": session.loose(),
    }


def row_view(session: Session, record: Record) -> View:
    """Return a row of the table."""
    return {
        "key": record.key,
        "file": record.file,
        "thumb": session.thumbs.get(record.key),
        "caption": record.caption,
        "state": record.state,
        "probability": record.machine.probability,
        "findings": len(session.project.style.findings(record.caption)),
        "others": len(record.machine.candidates) - 1,
    } | (belief_in(record, record.machine.candidates[0]) if record.machine.candidates else {})


def answer_view(session: Session, record: Record) -> View:
    """Return the picture of the open record with the machine's captions."""
    path = session.picture(record)
    try:
        src = data_url(open_picture(path)) if path else ""
    except EngraveError:  # the file was fine when it was captioned, and is gone since
        src = ""
    candidates = [
        asdict(one) | belief_in(record, one) | {"marks": words_view(one, record)}
        for one in record.machine.candidates
    ]
    return {"src": src, "name": record.file, "candidates": candidates, "takes": True}


def words_view(candidate: Candidate, record: Record) -> list[View]:
    """Return the words of a candidate with their probability and what speaks for them."""
    shares = [share for _, share in candidate.words]
    return [asdict(word) for word in marked(candidate.text, record.evidence, shares)]


def near_view(views: Views, record: Record) -> View:
    """Return the nearest engravings, the words that support the caption marked."""
    items = [neighbour_view(views, record, one) for one in record.evidence]
    return {"heading": "Evidence: nearest in the collection", "items": [i for i in items if i]}


def neighbour_view(views: Views, record: Record, one: Evidence) -> View | None:
    """Return one neighbour; None where the collection no longer has it."""
    collection = views.engine.collection
    row = collection.row(one.id)
    if row is None:
        return None
    near = replace(collection.neighbour(row), similarity=one.similarity)
    words = shared(record.caption, near.caption)
    return views.neighbour(near) | {"marks": [asdict(word) for word in words]}


def editor_view(session: Session, note: str = "") -> View:
    """Return the editor with the open record, or nothing where none is open."""
    record = session.open_record()
    if record is None:
        return NOTHING
    order = [one.key for one in session.project]
    best = record.machine.candidates[0] if record.machine.candidates else None
    untouched = best is not None and record.caption == best.text
    shares = [share for _, share in best.words] if best and untouched else []
    return {
        "key": record.key,
        "file": record.file,
        "state": record.state,
        "states": {name: verdict_on(record, name).state for name in LABELS},
        "mark": mark_of(record),
        "caption": record.caption,
        "alt": record.alt,
        "title": record.title,
        "printed": record.printed,
        "tags": BETWEEN_TAGS.join(record.tags),
        "max_alt": MAX_ALT,
        "max_printed": MAX_PRINTED,
        "marks": [asdict(word) for word in marked(record.caption, record.evidence, shares)],
        "findings": [one.sentence for one in session.project.style.findings(record.caption)],
        "changes": record.machine.changes,
        "machine": record.machine.caption,
        "read": record.machine.printed if record.machine.printed != record.printed else "",
        "model_version": record.machine.model_version,
        "written": record.machine.written,
        "match": record.match,
        "distance": record.distance,
        "reviewer": record.reviewer or session.reviewer,
        "reviewed": record.reviewed,
        "place": order.index(record.key) + 1,
        "total": len(order),
        "reads": can_read() and session.picture(record) is not None,
        "note": note,
    }


def style_fields(style: Style) -> tuple[int, int, str, str]:
    """Return what the fields of the house style hold."""
    return style.min_words, style.max_words, ", ".join(style.banned), ", ".join(style.unseen)


def terms_words(style: Style) -> str:
    """Say that preferred terms are in use, if there are any."""
    count = len(style.terms)
    word = "preferred term applies" if count == 1 else "preferred terms apply"
    return f"{count:,} {word} to new captions." if count else ""


def files_view(session: Session, file: View | None = None, note: str = "") -> View:
    """Return what can be taken away, and the file that was made."""
    if not len(session.project):
        return NOTHING
    return {
        "formats": [{"name": one.name, "label": one.label} for one in FORMATS.values()],
        "accepted": sum(acceptance(record) is not None for record in session.project),
        "all": len(session.project),
        "canvas": session.canvas,
        "file": file,
        "note": note,
    }
