"""Puts the page's own letters into files: unpacks its web fonts, writes words into pictures."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING

from PIL import ImageDraw, ImageFont
from PIL.Image import Image, Resampling

from engrave.errors import ConfigError
from engrave.places import FONTS

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

NAMES = ("latin", "latin-ext")  # the second holds what the first lacks
PX_A_MM = 12  # 305 dots an inch: what printers ask for
CUT = " …"
UNKNOWN = "?"
LENDERS = (  # with Greek, Cyrillic and more, as systems bring them; the last one has Chinese
    "DejaVuSans.ttf", "LiberationSans-Regular.ttf", "NotoSans-Regular.ttf", "arial.ttf",
    "Arial Unicode.ttf",
)  # fmt: skip


@cache
def unpacked() -> dict[str, bytes]:
    """Return the fonts by name as TrueType, since neither PDFs nor all builds of Pillow take
    WOFF2; raises ConfigError where one is missing."""
    from fontTools.ttLib import TTFont

    found: dict[str, bytes] = {}
    for name in NAMES:
        path = FONTS / f"eb-garamond-{name}-400-normal.woff2"
        if not path.is_file():
            raise ConfigError(
                f"The font {path.name} is missing, in which this is set; install Engrave anew, "
                "or take another format."
            )
        font = TTFont(path)
        font.flavor = None
        buffer = BytesIO()
        font.save(buffer)
        found[name] = buffer.getvalue()
    return found


@cache
def lent() -> dict[str, str]:
    """Return fonts of this machine, by name where they lie: they have letters that ours lack."""
    found = {}
    for file in LENDERS:
        try:
            found[file.removesuffix(".ttf").lower()] = str(ImageFont.truetype(file).path)
        except OSError:  # not on this machine
            continue
    return found


def printable(text: str) -> str:
    """Return a text with a mark in place of each letter that no font here has."""
    return "".join(one if one.isspace() or _has(ord(one)) else UNKNOWN for one in text)


@cache
def _has(code: int) -> bool:
    return any(code in known for known in (*_known(), *_known_to_lenders()))


@cache
def _known_to_lenders() -> tuple[frozenset[int], ...]:
    from fontTools.ttLib import TTFont

    return tuple(frozenset(TTFont(path, lazy=True).getBestCmap()) for path in lent().values())


def sharp(picture: Image, side_mm: float) -> Image:
    """Enlarge a picture smoothly, else each viewer and printer does it in its own way."""
    side_px = max(picture.width, round(side_mm * PX_A_MM))
    return picture.convert("L").resize((side_px, side_px), Resampling.LANCZOS)


class Letters:
    """Letters of one size in pixels."""

    def __init__(self, size_px: int) -> None:
        self.line_px = round(size_px * 1.25)
        self._faces = [ImageFont.truetype(BytesIO(data), size_px) for data in unpacked().values()]

    def width(self, text: str) -> float:
        """Return how wide a text is, in pixels."""
        return sum(face.getlength(piece) for face, piece in self._pieces(text))

    def write(self, pen: ImageDraw.ImageDraw, corner: tuple[float, float], text: str) -> None:
        """Write one line in black; `corner` is its left upper one."""
        x, y = corner
        for face, piece in self._pieces(text):
            # on one base line, whatever the height of a font
            pen.text((x, y + self.line_px * 0.8), piece, fill=0, font=face, anchor="ls")
            x += face.getlength(piece)

    def lines(self, text: str, width_px: float) -> list[str]:
        """Break a text into lines; a word that is too wide for one is broken too."""
        lines = [""]
        for word in text.split():
            together = f"{lines[-1]} {word}".strip()
            if self.width(together) <= width_px:
                lines[-1] = together
                continue
            *full, last = self._broken(word, width_px)
            lines += [*full, last]
        return [line for line in lines if line]

    def cut(self, text: str, width_px: float) -> str:
        """Return as much of a text as fits into a line."""
        if self.width(text) <= width_px:
            return text
        while text and self.width(text + CUT) > width_px:
            text = text[:-1].rstrip()
        return text + CUT

    def _broken(self, word: str, width_px: float) -> list[str]:
        pieces = [""]
        for letter in word:
            if pieces[-1] and self.width(pieces[-1] + letter) > width_px:
                pieces.append("")
            pieces[-1] += letter
        return pieces

    def _pieces(self, text: str) -> list[tuple[FreeTypeFont, str]]:
        """Return a text in pieces, each with the font that has its letters."""
        return [
            (self._faces[place], "".join(letters)) for place, letters in groupby(text, key=_face_of)
        ]


def _face_of(letter: str) -> int:
    """Return which font has a letter: the first where none has."""
    return next((place for place, known in enumerate(_known()) if ord(letter) in known), 0)


@cache
def _known() -> tuple[frozenset[int], ...]:
    from fontTools.ttLib import TTFont

    fonts = (TTFont(BytesIO(data)) for data in unpacked().values())
    return tuple(frozenset(font.getBestCmap()) for font in fonts)
