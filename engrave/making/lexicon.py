"""Which words the model met in training. Knows texts only, no model."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from engrave.collection import Collection, Item
from engrave.places import ASSETS

WORD = re.compile(r"[^\W\d_]{2,}")
PRINTED = 120  # characters of a printed title that training read
TRAINED = "train"  # name of the split
RARE = 3  # below it, a word was hardly met
# what training adds to captions: media, and sides where a picture is mirrored
ADDED = (
    "a woodcut of a wood engraving of a copper engraving of a pen drawing of a wash drawing of an "
    "engraving left right leftmost rightmost leftward rightward leftwards rightwards clockwise "
    "anticlockwise"
)
ENDINGS = (("s", ""), ("es", ""), ("ies", "y"), ("", "s"), ("", "es"), ("y", "ies"))


class Lexicon:
    """Counts the words of the texts that the model learnt from; may be empty."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._counts = Counter(word for text in texts for word in words_of(text))

    @classmethod
    def of(cls, items: Sequence[Item]) -> Lexicon:
        """Read the captions, subjects and printed titles of the training split."""
        trained = [item for item in items if item.split == TRAINED]
        if not trained:
            return cls(())
        texts = (f"{one.caption} {one.subject} {one.printed[:PRINTED]}" for one in trained)
        # often enough that none of them is called rare
        return cls([*texts, *[ADDED] * RARE])

    def __len__(self) -> int:
        return len(self._counts)

    def strange(self, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the words of a text that were never met, and those that hardly were."""
        if not self._counts:
            return (), ()
        words = list(dict.fromkeys(words_of(text)))
        counts = {word: self._count(word) for word in words}
        unseen = tuple(word for word in words if not counts[word])
        return unseen, tuple(word for word in words if 0 < counts[word] < RARE)

    def _count(self, word: str) -> int:
        """Return how often a word was met, as singular or plural."""
        forms = {word}
        for ending, other in ENDINGS:
            if word.endswith(ending):
                forms.add(word.removesuffix(ending) + other)
        return sum(self._counts[form] for form in forms)


def trained_on(collection: Collection, model_version: str) -> Sequence[Item]:
    """Return the engravings that a model learnt from, none where they are not known."""
    if any(item.split == TRAINED for item in collection.items):
        return collection.items
    shipped = ASSETS / "collection"
    if not (shipped / "collection.json").is_file():
        return ()
    found = Collection.load(shipped)
    return found.items if found.model_version == model_version else ()


def words_of(text: str) -> list[str]:
    """Return the words of a text as the model reads them: lower case, without accents."""
    plain = unicodedata.normalize("NFD", text.lower())
    return WORD.findall("".join(one for one in plain if unicodedata.category(one) != "Mn"))
