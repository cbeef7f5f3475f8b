"""Writes records for pictures, one after the other, and leaves alone what a person reviewed."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL.Image import Image

from engrave.answers import CaptionAnswer, Neighbour
from engrave.engine import Engine
from engrave.errors import EngraveError
from engrave.image import open_picture
from engrave.review.project import Project
from engrave.review.record import MACHINE, Evidence, Machine, Record, alt_of, edited, now
from engrave.review.style import Style
from engrave.review.vocabulary import apply_terms

NUM, SAMPLED = 3, 2  # captions of the beam search, and by chance
NEAREST = 5
MAJORITY = 3  # of the nearest that must agree on a tag
SAYS_NOTHING = {"", "other", "unknown", "none"}

Reader = Callable[[Image], str]  # of printed words


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of one file."""

    name: str
    record: Record | None = None  # None where it could not be read
    error: str = ""
    new: bool = False  # False where it was left as it was
    answer: CaptionAnswer | None = None


def key_of(data: bytes) -> str:
    """Return what a file is known by, whatever its name."""
    return hashlib.sha256(data).hexdigest()


def caption_all(
    engine: Engine,
    project: Project,
    paths: Iterable[Path],
    *,
    again: bool = False,
    reader: Reader | None = None,
) -> Iterator[Step]:
    """Caption files into a project; a file that cannot be read is noted and the others go on.

    A picture that has a record of this model is passed over, so that a batch that was stopped goes
    on where it was; `again` writes anew what nobody reviewed.
    """
    for path in paths:
        try:
            yield _step(engine, project, path, again, reader)
        except EngraveError as error:
            project.unread[path.name] = str(error)
            yield Step(name=path.name, error=str(error))


def _step(engine: Engine, project: Project, path: Path, again: bool, reader: Reader | None) -> Step:
    picture = open_picture(path)
    key = key_of(path.read_bytes())
    old = project.get(key)
    if old is not None:
        done = old.machine.model_version == engine.model_version
        if old.state != MACHINE or (done and not again):
            return Step(name=path.name, record=old)
    answer = engine.caption(picture, num=NUM, num_neighbours=NEAREST, sampled=SAMPLED)
    printed = reader(picture) if reader else old.printed if old else ""
    record = record_of(engine, key, path.name, picture, answer, project.style, printed)
    project.unread.pop(path.name, None)
    if not project.suggest(record):
        return Step(name=path.name, record=project.needed(key))
    return Step(name=path.name, record=record, new=True, answer=answer)


def record_of(
    engine: Engine,
    key: str,
    name: str,
    picture: Image,
    answer: CaptionAnswer,
    style: Style,
    printed: str = "",
) -> Record:
    """Return the record of an answer, its best caption in the curator's vocabulary."""
    best = answer.candidates[0]
    caption, changes = apply_terms(best.text, style.terms)
    tags = tags_of(answer.neighbours)
    machine = Machine(
        caption=best.text,
        probability=best.probability,
        match=best.match,
        model_version=engine.model_version,
        written=now(),
        candidates=answer.candidates,
        suggestion=caption,
        changes=changes,
        tags=tags,
        printed=printed,
    )
    embedding = engine.embed(answer.latent[None])[0]
    return Record(
        key=key,
        file=name,
        width=picture.width,
        height=picture.height,
        machine=machine,
        caption=caption,
        alt=alt_of(caption),
        printed=printed,
        tags=tags,
        match=best.match if not changes else matched(engine, embedding, caption),
        evidence=tuple(map(evidence_of, answer.neighbours[:NEAREST])),
        embedding=packed(embedding),
    )


def evidence_of(near: Neighbour) -> Evidence:
    """Return what is kept of a neighbour."""
    return Evidence(
        id=near.id,
        index=near.index,
        caption=near.caption,
        similarity=near.similarity,
        book=near.book,
        year=near.year,
        url=near.url,
    )


def tags_of(neighbours: Iterable[Neighbour]) -> tuple[str, ...]:
    """Return the subject and the technique that most of the nearest engravings share."""
    nearest = list(neighbours)[:NEAREST]
    found = []
    for facet in ("subject", "technique"):
        (value, count), *_ = Counter(getattr(one, facet) for one in nearest).most_common(1) or [
            ("", 0)
        ]
        if count >= MAJORITY and value not in SAYS_NOTHING:
            found.append(value)
    return tuple(found)


def rewritten(engine: Engine, record: Record, texts: dict[str, object]) -> Record:
    """Return the record with a person's texts, its caption embedded anew where it changed."""
    changed = edited(record, texts)
    if changed.caption == record.caption or not changed.caption or not record.embedding:
        return changed
    match = matched(engine, unpacked(record.embedding), changed.caption)
    return replace(changed, match=match)


def matched(engine: Engine, embedding: np.ndarray, text: str) -> float:
    """Return the cosine of a picture's embedding and a text."""
    return float(engine.embed_texts([text])[0] @ embedding)


def packed(embedding: np.ndarray) -> str:
    """Return an embedding as text, in half precision."""
    return base64.b64encode(embedding.astype("<f2").tobytes()).decode("ascii")


def unpacked(text: str) -> np.ndarray:
    """Return the embedding of a text, at norm 1."""
    row = np.frombuffer(base64.b64decode(text), "<f2").astype(np.float32)
    return row / max(float(np.linalg.norm(row)), 1e-6)
