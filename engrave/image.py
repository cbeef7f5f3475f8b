"""Opens, shapes and labels grey pictures. Knows nothing of models or of where a picture goes.

Shapes: S side of a square picture in pixels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, PngImagePlugin, UnidentifiedImageError

from engrave import marks
from engrave.errors import PictureError

MAX_PIXELS = 40_000_000  # 6,000 x 6,600, more than any model here looks at
MAX_BYTES = 30_000_000
MIN_SIDE_PX = 16
MAX_ASPECT = 12
WHITE = 255
# a short list, as Pillow also opens files that run programs (EPS) or that nobody means (FITS)
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "PPM", "JPEG2000", "AVIF")
FOREIGN = (  # what else people drop, by a mark near the start of the file
    (b"<svg", "an SVG drawing"),
    (b"%PDF-", "a PDF document"),
    (b"ftyphei", "a HEIC photograph"),
    (b"ftypmif1", "a HEIC photograph"),
)
SENSOR_MAXIMA = (255, 1023, 4095, 16383, 65535)  # of 8, 10, 12, 14 and 16 bits
UPRIGHT = {  # what sets a picture upright, by its EXIF orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Source = str | Path | bytes | BinaryIO | Image.Image


def open_picture(source: Source) -> Image.Image:
    """Return a picture in mode "L", upright and on white paper; raises PictureError."""
    image = source if isinstance(source, Image.Image) else _identify(_read(source))
    _check_size(image.width, image.height)
    try:
        image.load()
        grey = _set_upright(_to_grey(image), image)
    except PictureError:
        raise
    except Exception as error:  # on damaged data Pillow's decoders raise whatever comes
        raise PictureError(
            "This picture is damaged or cut short and cannot be read to its end; "
            "fetch or save the file again."
        ) from error
    grey.info = {}  # else a megabyte of EXIF would follow the picture around
    return grey


def pad_square(image: Image.Image, side_px: int) -> Image.Image:
    """Fit a picture into a white square, aspect kept, centred."""
    left, top, right, bottom = print_box(image.size, side_px)
    fitted = image.convert("L").resize((right - left, bottom - top), Image.Resampling.LANCZOS)
    square = Image.new("L", (side_px, side_px), WHITE)
    square.paste(fitted, (left, top))
    return square


def print_box(size: tuple[int, int], side_px: int) -> tuple[int, int, int, int]:
    """Return where `pad_square` puts a picture of that size: left, top, right, bottom."""
    scale = side_px / max(size)
    width_px, height_px = (max(1, round(side * scale)) for side in size)
    left, top = (side_px - width_px) // 2, (side_px - height_px) // 2
    return left, top, left + width_px, top + height_px


def contact_sheet(
    images: Sequence[Image.Image], columns: int, cell_px: int, gap_px: int
) -> Image.Image:
    """Lay pictures out in rows of square cells on white, a gap round each."""
    pitch_px = cell_px + gap_px
    num_rows = -(-len(images) // columns)
    size = (columns * pitch_px + gap_px, num_rows * pitch_px + gap_px)
    sheet = Image.new("L", size, WHITE)
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        corner = (gap_px + column * pitch_px, gap_px + row * pitch_px)
        sheet.paste(pad_square(image, cell_px), corner)
    return sheet


def png_with_metadata(image: Image.Image, facts: Mapping[str, str]) -> bytes:
    """Return a PNG that says how it was made: a text chunk for each fact, `parameters`, XMP."""
    return marks.png(image, facts)


def read_metadata(png: str | Path | bytes | BinaryIO) -> dict[str, str]:
    """Return the text chunks of a PNG by their keys; raises PictureError."""
    image = _identify(_read(png))
    if not isinstance(image, PngImagePlugin.PngImageFile):
        raise PictureError(
            f"This picture is a {image.format}; only a PNG carries how it was made. "
            "Use the PNG as it was downloaded."
        )
    _check_size(image.width, image.height)
    try:
        return {key: str(value) for key, value in image.text.items()}
    except Exception as error:  # as in open_picture
        raise PictureError("This PNG is damaged or cut short; download it again.") from error


def checked_bytes(data: bytes) -> bytes:
    """Return an encoded picture of a size that is read; raises PictureError."""
    if not data:
        raise PictureError("This file is empty (0 bytes); fetch or save it again.")
    if len(data) > MAX_BYTES:
        raise PictureError(
            f"This file has more than {MAX_BYTES // 1_000_000} MB; "
            "scale the picture down or save it as JPEG."
        )
    return data


def _read(source: str | Path | bytes | BinaryIO) -> bytes:
    """Return the bytes of a file, never more than MAX_BYTES."""
    if isinstance(source, bytes):
        data = source
    elif isinstance(source, str | Path):
        data = _read_path(source)
    else:
        data = source.read(MAX_BYTES + 1)
    return checked_bytes(data)


def _read_path(source: str | Path) -> bytes:
    """Return at most MAX_BYTES + 1 bytes of a plain file; a pipe or device would never end."""
    name = repr(str(source)[:200])
    try:
        path = Path(source)
        if path.is_dir():
            raise PictureError(f"{name} is a folder; name a picture in it.")
        if not path.exists():
            raise PictureError(f"There is no file {name}; check its name.")
        if not path.is_file():
            raise PictureError(f"{name} is no plain file; name a picture.")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"{name} cannot be opened ({reason}); check it.") from error


def _identify(data: bytes) -> Image.Image:
    """Open a picture without decoding it."""
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(_too_many_pixels("This picture")) from error
    except UnidentifiedImageError as error:
        kind = next((kind for mark, kind in FOREIGN if mark in data[:1000]), "no picture")
        raise PictureError(
            f"This file is {kind}, or too damaged to tell; save it as JPEG, PNG, WebP or TIFF."
        ) from error
    except Exception as error:  # as in open_picture
        raise PictureError(
            "This picture is damaged at its start; fetch or save the file again."
        ) from error


def _check_size(width_px: int, height_px: int) -> None:
    """Refuse what is too big to decode and too small or too thin to show anything."""
    seen = f"This picture is {width_px:,} x {height_px:,} pixels"
    if width_px * height_px > MAX_PIXELS:
        raise PictureError(_too_many_pixels(seen))
    if min(width_px, height_px) < MIN_SIDE_PX:
        raise PictureError(f"{seen}; each side needs {MIN_SIDE_PX} or more. Use a larger scan.")
    if max(width_px, height_px) > MAX_ASPECT * min(width_px, height_px):
        raise PictureError(
            f"{seen}; the longer side may be {MAX_ASPECT} times the shorter at most. "
            "Crop it to the part that matters."
        )


def _too_many_pixels(seen: str) -> str:
    millions = MAX_PIXELS // 1_000_000
    return f"{seen}, more than the {millions} million that are read; scale the picture down."


def _to_grey(image: Image.Image) -> Image.Image:
    """Return a decoded picture of any mode as a new one in mode "L", see-through parts white."""
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return _scale_to_grey(np.asarray(image))
    if image.mode == "LAB":
        return image.getchannel("L")
    if image.has_transparency_data:
        layered = image if image.mode == "LA" else image.convert("RGBA").convert("LA")
        paper = Image.new("L", image.size, WHITE)
        return Image.composite(layered.getchannel("L"), paper, layered.getchannel("A"))
    if image.mode == "CMYK":  # which has no way of its own to grey
        image = image.convert("RGB")
    return image.convert("L")


def _scale_to_grey(values_HW: np.ndarray) -> Image.Image:
    """Return numbers of more than 8 bits as grey, black and white where their maker had them."""
    values = values_HW.astype(np.float32)
    finite = np.isfinite(values)
    if not finite.any():
        raise PictureError("This picture holds no numbers that can be shown; export it again.")
    low, high = float(values[finite].min()), float(values[finite].max())
    # paper is bright, so the brightest pixel tells how many bits the scanner used
    maxima = SENSOR_MAXIMA if values_HW.dtype.kind in "iu" else (1, *SENSOR_MAXIMA)
    fitting = [maximum for maximum in maxima if maximum >= high]
    black, white = (0.0, float(fitting[0])) if low >= 0 and fitting else (low, high)
    grey = (values - black) * (WHITE / max(white - black, 1e-6))
    grey[~finite] = WHITE
    return Image.fromarray(grey.clip(0, WHITE).round().astype(np.uint8))


def _set_upright(grey: Image.Image, source: Image.Image) -> Image.Image:
    """Turn a picture as the EXIF orientation of its source says."""
    try:
        orientation = source.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # a broken EXIF block says nothing about the picture
        return grey
    turn = UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return grey if turn is None else grey.transpose(turn)
