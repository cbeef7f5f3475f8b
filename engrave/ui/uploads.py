"""Opens pictures that came in, and only such that were uploaded here."""

from pathlib import Path

from PIL import Image

from engrave.errors import PictureError
from engrave.image import open_picture
from engrave.ui.visitors import came_in

EXTENSIONS = [".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".jp2", ".avif"]
MAX_FILES = 1000  # in the frame at once; a desk takes as many drops as there are


def checked(path: object) -> Path:
    """Return the path of an upload; raises PictureError for a file that was not uploaded here.

    Gradio hands over any path that a request names where the component is an image,
    so that a stranger could have any picture of this machine shown to them.
    """
    if not isinstance(path, str) or not path:
        raise PictureError("There is no picture yet; drop one in the frame.")
    found = came_in(path)
    if found is None:
        raise PictureError("This file was not uploaded here; drop the picture in the frame.")
    return found


def open_upload(path: object) -> Image.Image:
    """Open an uploaded picture."""
    return open_picture(checked(path))


def checked_list(paths: object) -> list[Path]:
    """Return the paths of several uploads; raises PictureError for too many."""
    several = [paths] if isinstance(paths, str) else paths or []
    if not isinstance(several, list):
        raise PictureError("These are no files; drop pictures in the frame.")
    if len(several) > MAX_FILES:
        raise PictureError(
            f"These are {len(several)} files; at most {MAX_FILES} are read at once, drop fewer."
        )
    return [checked(path) for path in several]
