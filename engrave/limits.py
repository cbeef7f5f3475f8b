"""Checks the texts and numbers of a request. Knows the limits, and nothing of models or pages."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from numbers import Integral, Real

from engrave.errors import PromptError

MAX_CHARACTERS = 300
JOINERS = "\u200c\u200d"  # hold emoji families and Persian words together
MODES = ("prior", "direct", "graph")
CURVES = ("slerp", "lerp")
PACES = ("even", "time")
EASINGS = ("linear", "in-out", "in", "out")
LOOPS = ("once", "back", "closed")


@dataclass(frozen=True, slots=True)
class Range:
    """A number that a request may hold, with its bounds; both ends are allowed."""

    name: str
    low: int
    high: int

    def number(self, value: object) -> float:
        """Return the value as a float; raises PromptError where it is out of bounds."""
        found = finite(value)
        if found is None or not self.low <= found <= self.high:
            raise PromptError(
                f"The {self.name} is {_shown(value)}; "
                f"choose a number from {self.low} to {self.high}."
            )
        return found

    def whole(self, value: object) -> int:
        """Return the value as an int; raises PromptError where it is not whole or out of bounds."""
        found = finite(value)
        if found is None or not self.low <= found <= self.high or found != int(found):
            raise PromptError(
                f"The {self.name} is {_shown(value)}; "
                f"choose a whole number from {self.low} to {self.high}."
            )
        return int(found)


PLATES = Range("number of engravings", 1, 8)
FRAMES = Range("number of frames", 3, 120)
STEPS = Range("number of steps", 1, 60)
GUIDANCE = Range("guidance", 0, 10)
SEED = Range("seed", 0, 2**32 - 1)
LESS = Range("weight of what shall be less", 0, 4)
STRENGTH = Range("strength", 0, 1)
SHIFT = Range("distance along a direction", -12, 12)  # in standard deviations
SHEET_TEXTS = Range("number of texts of a sheet", 1, 12)
SHEET_SEEDS = Range("number of seeds of a sheet", 1, 8)
CANDIDATES = Range("number of captions", 1, 8)
SAMPLED = Range("number of captions by chance", 0, 8)
NEIGHBOURS = Range("number of neighbours", 0, 50)
RESULTS = Range("number of results", 1, 200)
CAPTION_EVERY = Range("number of frames between captions", 0, 120)
RUNS = Range("number of runs", 1, 50)
FPS = Range("number of frames a second", 1, 60)
WEIGHT = Range("weight", 0, 2)
PORT = Range("port", 1, 65535)
KEYFRAMES = Range("number of keyframes", 2, 8)
HOLD_S = Range("hold in seconds", 0, 10)
POSTER = Range("number of pictures on the poster", 2, 24)
WALK_WORDS = {"pace": PACES, "easing": EASINGS, "loop": LOOPS, "curve": CURVES}
WALK_NUMBERS = {"frames": FRAMES, "fps": FPS, "steps": STEPS}


def clean_text(text: object) -> str:
    """Return a prompt without control characters; raises PromptError where it is too long."""
    if not isinstance(text, str):
        raise PromptError(f"The text is {_shown(text)}; write a few words instead.")
    text = text.strip()
    if len(text) > MAX_CHARACTERS:
        raise PromptError(
            f"The text has {len(text):,} characters and at most {MAX_CHARACTERS} are read; "
            "shorten it to one sentence that says what the engraving shows."
        )
    return one_line(text)


def one_line(text: str) -> str:
    """Return a text as one line without control characters, and without double blanks."""
    kept = (" " if character.isspace() else character for character in text)
    return " ".join("".join(c for c in kept if _is_visible(c)).split())


def needed_text(text: object) -> str:
    """Return a cleaned prompt; raises PromptError where nothing is left of it."""
    cleaned = clean_text(text)
    if not cleaned:
        raise PromptError("The text is empty; write a few words, for example 'a ship in a storm'.")
    return cleaned


def one_of(name: str, value: object, allowed: tuple[str, ...]) -> str:
    """Return the value; raises PromptError where it is not one of the allowed words."""
    if value not in allowed:
        raise PromptError(f"The {name} is {_shown(value)}; choose {' or '.join(allowed)}.")
    return str(value)


def finite(value: object) -> float | None:
    """Return a number as a float; None for anything else, and for what no float can hold."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def _is_visible(character: str) -> bool:
    """Leave out control, format (also such as reverse the reading order) and broken characters."""
    return character in JOINERS or unicodedata.category(character) not in ("Cc", "Cf", "Cs")


def _shown(value: object) -> str:
    """Name a value in a sentence, cut where it is long."""
    if value is None:
        return "missing"
    if isinstance(value, float):
        return f"{value:g}"
    try:
        shown = str(int(value)) if isinstance(value, Integral) else repr(value)
    except ValueError:  # Python refuses to write out integers of thousands of digits
        return "far too large"
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
