"""Holds each word of a caption against what is said of the nearest engravings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engrave.review.record import Evidence
from engrave.words import content_stems, is_content, spans, split, stem

PLAIN, SUPPORTED, UNSUPPORTED = "plain", "supported", "unsupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A run of characters between spaces, and what speaks for it."""

    text: str
    mark: str  # plain where the word says nothing, else supported or unsupported
    probability: float = 1.0


def marked(
    text: str, evidence: Sequence[Evidence], probabilities: Sequence[float] = ()
) -> tuple[Word, ...]:
    """Return the words of a caption; `probabilities` are those of the model, word by word."""
    borne_out: set[str] = set()
    for one in evidence:
        borne_out |= content_stems(one.caption)
    runs = [text[start:end] for start, end in spans(text)]
    sure = probabilities if len(probabilities) == len(runs) else [1.0] * len(runs)
    return tuple(
        Word(text=run, mark=_mark(run, borne_out), probability=share)
        for run, share in zip(runs, sure, strict=True)
    )


def shared(caption: str, other: str) -> tuple[Word, ...]:
    """Return the words of a neighbour's caption, those that support ours marked."""
    own = content_stems(caption)
    runs = [other[start:end] for start, end in spans(other)]
    marks = [SUPPORTED if _mark(run, own) == SUPPORTED else PLAIN for run in runs]
    return tuple(Word(text=run, mark=mark) for run, mark in zip(runs, marks, strict=True))


def _mark(run: str, borne_out: set[str]) -> str:
    said = {stem(word) for word in split(run) if is_content(word)}
    if not said:
        return PLAIN
    return SUPPORTED if said & borne_out else UNSUPPORTED
