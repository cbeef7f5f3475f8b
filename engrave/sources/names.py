"""Tells by their names which files are pictures, tables, litter or a part of a data set."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

PICTURES = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".dib",
    ".pbm", ".pgm", ".ppm", ".pnm", ".jp2", ".j2k", ".jpx", ".avif",
}  # fmt: skip
FOREIGN = {  # what looks like a picture and is not read
    ".svg": "an SVG drawing", ".svgz": "an SVG drawing", ".eps": "a PostScript drawing",
    ".ai": "an Illustrator drawing", ".heic": "a HEIC photograph", ".heif": "a HEIC photograph",
    ".jxl": "a JPEG XL picture", ".psd": "a Photoshop file", ".xcf": "a GIMP file",
    ".dng": "a raw photograph", ".cr2": "a raw photograph", ".cr3": "a raw photograph",
    ".nef": "a raw photograph", ".arw": "a raw photograph", ".raw": "a raw photograph",
    ".djvu": "a DjVu document", ".ico": "an icon",
}  # fmt: skip
TABLES = {".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
LITTER = {
    "__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "icon\r", "@eadir",
    "system volume information", "lost+found",
}  # fmt: skip
MARKS = (  # how pictures begin
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"II*\0", b"MM\0*", b"\0\0\0\x0cjP  ",
)  # fmt: skip
SPLITS = {
    "train": "train", "training": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "test": "test", "testing": "test", "eval": "test", "evaluation": "test",
}  # fmt: skip


def suffix_of(path: str) -> str:
    """Return the ending of a path in lower case, dot included."""
    return PurePosixPath(path).suffix.lower()


def is_litter(name: str) -> bool:
    """Tell whether a file or folder is hidden, or left there by a system rather than a person."""
    return name.startswith(".") or name.lower() in LITTER


def begins_as_picture(start: bytes) -> bool:
    """Tell by its first bytes whether a file without an ending is a picture."""
    riff = start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    return riff or start[4:12] == b"ftypavif" or start.startswith(MARKS)


def folded(path: str) -> str:
    """Return a path such that spellings that people take for the same are the same."""
    return unicodedata.normalize("NFC", path).casefold()


def split_of(part: str) -> str:
    """Return the split that a folder or a file is named after, else nothing: `val` is validation,
    `train-00000-of-00005.parquet` is train."""
    first = part.lower().split(".")[0].split("-")[0].split("_")[0]
    return SPLITS.get(first, "")


def place_facets(path: str) -> dict[str, str]:
    """Return facets from where a file lies: its folder, and the split of a data set."""
    folder, _, _ = path.rpartition("/")
    if not folder:
        return {}
    split = SPLITS.get(folder.split("/")[0].lower(), "")
    return {"folder": folder} | ({"split": split} if split else {})
