"""Splits a caption into words and tells which say something. Knows English, no model."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import snowballstemmer

WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*|\d+")

# what any sentence about any picture holds: it is neither right nor wrong
STOP_WORDS = frozenset(
    """a an the and or but nor so of in on at by to from with without into onto over under above
    below behind before beside between near through across along around round among against upon
    up down out off away back as like for than then that this these those which who whom whose
    what where when while some any each every both all other another one two three several many
    few more most it its he his him she her hers they their them there here i we you is are was
    were be been being has have had do does did not no only also very left right top bottom side
    middle centre center large small big little long short seen shown shows show picture image
    engraving print scene view""".split()
)
_STEMMER = snowballstemmer.stemmer("english")


def split(text: str) -> list[str]:
    """Return the words of a text as they stand there, without punctuation."""
    return WORD.findall(text)


def spans(text: str) -> list[tuple[int, int]]:
    """Return where each run of characters between spaces begins and ends."""
    return [found.span() for found in re.finditer(r"\S+", text)]


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return what a word shares with its plural and its other forms: `ships` and `ship`."""
    return str(_STEMMER.stemWord(word.lower().replace("\u2019", "'")))


def is_content(word: str) -> bool:
    """Tell whether a word says something that a picture can bear out."""
    return word.lower() not in STOP_WORDS


def content_stems(text: str) -> set[str]:
    """Return the stems of all words that say something."""
    return {stem(word) for word in split(text) if is_content(word)}


def supported(text: str, others: Iterable[str]) -> float:
    """Return the share of a text's content words that stand in one of the others; 0 for none."""
    own = content_stems(text)
    borne_out: set[str] = set()
    for other in others:
        borne_out |= content_stems(other)
    return len(own & borne_out) / len(own) if own else 0.0
