"""The house style: what a caption may say, how long it is, which words it avoids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from engrave.errors import ReviewError
from engrave.review.vocabulary import Terms
from engrave.words import split

MAX_WORDS = 60
PUFFERY = (
    "beautiful", "stunning", "exquisite", "magnificent", "remarkable", "renowned", "famous",
    "iconic", "masterful", "masterpiece", "breathtaking", "captivating", "striking", "vibrant",
    "rich tapestry", "testament to", "serves as", "showcases", "delve", "timeless", "intricate",
    "delightful", "charming", "majestic", "impressive",
)  # fmt: skip
UNSEEN = (
    "probably", "perhaps", "possibly", "seems", "appears to", "suggests", "suggesting",
    "symbolizes", "symbolises", "symbolizing", "symbolising", "represents", "representing",
    "evokes", "evoking", "conveys", "conveying", "reflects", "believed to", "may have", "might",
    "a sense of", "reminiscent", "thinking about", "remembering", "hoping",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that the style guard has to say."""

    kind: str  # "length", "puffery" or "unseen"
    words: str  # as they stand in the text; empty for the length
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What the guard looks for; all of it can be changed."""

    min_words: int = 8
    max_words: int = 25
    banned: tuple[str, ...] = PUFFERY
    unseen: tuple[str, ...] = UNSEEN  # says more than what can be seen
    terms: Terms = ()

    def __post_init__(self) -> None:
        whole = all(
            isinstance(number, int) and not isinstance(number, bool)
            for number in (self.min_words, self.max_words)
        )
        if not whole or not 0 <= self.min_words <= self.max_words <= MAX_WORDS:
            raise ReviewError(
                f"A caption of {self.min_words} to {self.max_words} words cannot be asked for; "
                f"choose whole numbers from 0 to {MAX_WORDS}, the smaller one first."
            )

    def findings(self, caption: str) -> tuple[Finding, ...]:
        """Return what does not fit, the length first."""
        return (*self._length(caption), *self._phrases(caption))

    def _length(self, caption: str) -> tuple[Finding, ...]:
        count = len(split(caption))
        if self.min_words <= count <= self.max_words:
            return ()
        aim = f"{self.min_words} to {self.max_words}"
        word = "word" if count == 1 else "words"
        return (
            Finding(kind="length", words="", sentence=f"{count} {word}; the style asks for {aim}."),
        )

    def _phrases(self, caption: str) -> tuple[Finding, ...]:
        found = []
        for kind, phrases, why in (
            ("puffery", self.banned, "is on the list of words to avoid."),
            ("unseen", self.unseen, "says more than what can be seen."),
        ):
            for phrase in phrases:
                match = re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", caption, re.IGNORECASE)
                if match:
                    sentence = f"'{match[0]}' {why}"
                    found.append(Finding(kind=kind, words=match[0], sentence=sentence))
        return tuple(found)

    def as_json(self) -> dict[str, Any]:
        """Return plain data from which `from_json` makes an equal style."""
        return asdict(self)


def style_from_json(page: object) -> Style:
    """Return the style of plain data; what is not named stays as it is by default."""
    known = Style.__dataclass_fields__
    if not isinstance(page, Mapping) or not set(page) <= set(known):
        names = ", ".join(known)
        raise ReviewError(f"This is no house style; it may hold {names}.")
    try:
        lists = {name: tuple(map(str, page[name])) for name in ("banned", "unseen") if name in page}
        terms = tuple((str(a), str(b)) for a, b in page.get("terms", ()))
    except (TypeError, ValueError) as error:
        raise ReviewError("The lists of the house style hold something else than words.") from error
    return Style(**{**page, **lists, "terms": terms})
