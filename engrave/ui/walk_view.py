"""What the player shows of a walk: the files that it plays, its pace, what each frame is like."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from engrave import marks
from engrave.answers import Walk
from engrave.engine import Engine
from engrave.errors import PictureError
from engrave.ui.files import file_url, new_path, save
from engrave.ui.views import View, Views
from engrave.walks import Recipe
from engrave.walks.packing import facts_of, write_walk

COLUMNS = 8  # of the sheet that the player cuts its frames from
AT_ONCE = ("mp4", "gif", "webp", "vtt", "json")


def player_view(engine: Engine, views: Views, found: Walk, recipe: Recipe) -> View:
    """Write what the player plays and offers; return what it shows."""
    view = sheet_view(found)
    for kind in AT_ONCE:
        path = new_path(f"engrave-walk.{kind}")
        write_walk(found, recipe, path)
        view[kind] = file_url(path)
    view["sheet"] = file_url(save(sheet_of(found.frames, facts_of(recipe)), "engrave-walk.webp"))
    view |= pace_view(found, recipe) | near_view(views, found)
    return view | {"path": path_of(engine, found.latents)}


def sheet_view(found: Walk) -> View:
    """Return how the frames lie on the sheet, and the captions."""
    captions = {str(index): text for index, text in sorted(found.captions.items())}
    count = len(found.frames)
    return {"columns": min(COLUMNS, count), "count": count, "captions": captions}


def pace_view(found: Walk, recipe: Recipe) -> View:
    """Return when each frame is shown, and how much changes from one to the next."""
    pace = {
        "before": [round(step, 4) for step in found.pace.before],
        "after": [round(step, 4) for step in found.pace.after],
        "jumps": list(found.pace.jumps),
    }
    shown = {"stops": list(found.stops), "timeline": list(found.timeline), "fps": recipe.fps}
    return shown | {"pace": pace, "even": recipe.pace == "even"}


def near_view(views: Views, found: Walk) -> View:
    """Return the engraving nearest to each frame, and each of these once."""
    nearest = [{"index": one.index, "similarity": one.similarity} for one in found.nearest]
    near = {str(one.index): views.neighbour(one) for one in found.nearest}
    return {"nearest": nearest, "near": near}


def path_of(engine: Engine, latents_NL: np.ndarray) -> list[list[float]]:
    """Return the places of a walk's frames on the map, none where there is no map."""
    if not len(engine.collection):
        return []
    return [list(engine.collection.place(one)) for one in engine.embed(latents_NL)]


def sheet_of(frames: Sequence[Image.Image], facts: marks.Facts) -> bytes:
    """Return all frames on one WebP, row by row: one file, so that the scrubber never waits."""
    if not frames:
        raise PictureError("This walk has no frames; choose 3 or more.")
    width, height = frames[0].size
    columns = min(COLUMNS, len(frames))
    sheet = Image.new("L", (columns * width, -(-len(frames) // columns) * height), 255)
    for index, frame in enumerate(frames):
        sheet.paste(frame.convert("L"), (index % columns * width, index // columns * height))
    return marks.webp(sheet, facts)
