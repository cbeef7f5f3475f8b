"""Where the page's files lie, what they are called in an address, and pictures as addresses."""

import base64
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from PIL import Image

from engrave.marks import Facts, webp
from engrave.ui.visitors import new_folder
from engrave.whole import whole_file

MADE: set[str] = set()  # files written here; the page hands them to Gradio, which deletes old ones
PREVIEW_PX = 512


def file_url(path: Path, version: str = "") -> str:
    """Return the address of a public file, relative to the page so that it survives a mount."""
    mark = f"?v={quote(version, safe='')}" if version else ""
    return f"gradio_api/file={quote(str(path.resolve()))}{mark}"


def new_path(name: str) -> Path:
    """Return a path for a new file that the page may hand to whoever asked for it."""
    path = new_folder() / name
    MADE.add(str(path))
    return path


def save(data: bytes, name: str) -> Path:
    """Write bytes to a new file that the page may hand out."""
    path = new_path(name)
    with whole_file(path) as scratch:  # a full disk keeps no half of it
        scratch.write_bytes(data)
    return path


def written(write: Callable[[BinaryIO], object], name: str) -> Path:
    """Let a function write a new file that the page may hand out; none is left where it fails."""
    path = new_path(name)
    with whole_file(path) as scratch, scratch.open("wb") as file:
        write(file)
    return path


def handed(path: Path) -> str:
    """Return the path of a copy that may come back as an upload."""
    return str(save(path.read_bytes(), path.name))


def slug(text: str, limit: int = 40) -> str:
    """Return words of a text as a part of a file name."""
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))[:limit].strip("-") or "untitled"


def made_url(image: Image.Image, facts: Facts, side_px: int = PREVIEW_PX) -> str:
    """Return a picture that the model made as a small, marked WebP inside of an address."""
    return data_url(image, side_px, facts=facts)


def data_url(
    image: Image.Image, side_px: int = PREVIEW_PX, quality: int = 85, facts: Facts | None = None
) -> str:
    """Return a picture as a small WebP inside of an address; facts mark it as made here."""
    small = image.convert("L")
    small.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    if facts is None:
        buffer = BytesIO()
        small.save(buffer, "WEBP", quality=quality)
        data = buffer.getvalue()
    else:
        data = webp(small, facts, quality)
    return "data:image/webp;base64," + base64.b64encode(data).decode("ascii")
