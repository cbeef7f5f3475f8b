"""Reads words that are printed inside of a plate, by RapidOCR where it is installed."""

from __future__ import annotations

import importlib.util
import logging
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
from PIL.Image import Image, Resampling

from engrave.errors import ReviewError

SURE = 0.6  # hatching is often taken for letters, with less confidence than that
SIDE_PX = 1600  # larger scans are read no better and far slower
SMALL_PX = 640  # smaller ones are enlarged to it, else small capitals are lost
_turn = Lock()


def can_read() -> bool:
    """Tell whether the package is there."""
    return importlib.util.find_spec("rapidocr") is not None


def read_inscriptions(picture: Image) -> str:
    """Return printed words, a line each, from top to bottom; empty where there are none."""
    reader = _reader()
    longest = max(picture.size)
    side = min(max(longest, SMALL_PX), SIDE_PX)
    if side != longest:
        width, height = (max(1, round(length * side / longest)) for length in picture.size)
        picture = picture.resize((width, height), Resampling.LANCZOS)
    with _turn:
        found = reader(np.asarray(picture.convert("RGB")), text_score=SURE)
    return "\n".join(line.strip() for line in found.txts or () if len(line.strip()) > 1)


def check_reader() -> None:
    """Raise ReviewError where the package is missing."""
    if not can_read():
        raise ReviewError(
            "Printed words cannot be read here, as the package rapidocr is not installed; "
            "run pip install -r requirements-ocr.txt, or write them yourself."
        )


@cache
def _reader() -> Any:
    check_reader()
    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return RapidOCR(params={"Global.log_level": "error"})
