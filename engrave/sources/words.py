"""Names things in sentences: short, on one line, and nothing in them that a terminal obeys."""

from __future__ import annotations

import unicodedata

from engrave.limits import JOINERS, one_line

MAX_SHOWN = 150  # characters


def shown(text: object) -> str:
    """Return a path, an address or a name as it stands in a sentence, its middle left out where it
    is long."""
    line = one_line(str(text))
    half = MAX_SHOWN // 2
    return line if len(line) <= MAX_SHOWN else f"{line[:half]}...{line[-half:]}"


def printable(name: str) -> str:
    """Return a file name as text that can be stored and shown: what is no letter is spelt out."""
    if name.isprintable():
        return name
    return "".join(map(_spelt, name))


def _spelt(letter: str) -> str:
    hidden = unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    return ascii(letter)[1:-1] if hidden and letter not in JOINERS else letter
