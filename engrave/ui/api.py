"""The named endpoints: what the tabs do, for programs and, through MCP, for assistants."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from engrave import limits
from engrave.answers import Neighbour
from engrave.engine import Engine
from engrave.errors import PromptError
from engrave.image import open_picture
from engrave.progress import part
from engrave.review.captioning import NEAREST
from engrave.ui.api_making import add_making
from engrave.ui.desk import LONG_LINE, SHORT_LINE
from engrave.ui.files import new_path
from engrave.ui.review_views import belief
from engrave.ui.sessions import Session, Sessions
from engrave.ui.speech import bind
from engrave.ui.stops import PROGRESS, teller
from engrave.ui.uploads import EXTENSIONS, checked_list, open_upload
from engrave.ui.views import Views
from engrave.video import write_gif, write_mp4
from engrave.walks.packing import SUFFIXES, finished, write_walk
from engrave.walks.poster import Paper
from engrave.walks.recipe import from_page, with_uploads

Facts = dict[str, Any]
FPS = 12


def caption(engine: Engine, image: str, num: int = 3, num_neighbours: int = 6) -> Facts:
    """Describe an engraving: captions with their probabilities, and the nearest of the collection.

    Args:
        image: picture to describe (JPEG, PNG, WebP, TIFF, GIF or BMP, at most 30 MB).
        num: how many captions, 1 to 8; the best comes first.
        num_neighbours: how many engravings of the collection.

    Returns:
        captions (text, probability, match, words with their probabilities, confidence that it
        names something right) and neighbours (id, caption, book, similarity, url ...).
    """
    answer = engine.caption(open_upload(image), num=num, num_neighbours=num_neighbours)
    near = [one.caption for one in answer.neighbours[:NEAREST]]
    captions = [asdict(one) | belief(engine.model_version, one, near) for one in answer.candidates]
    return {"captions": captions, "neighbours": facts_of(answer.neighbours)}


def interpolate(
    engine: Engine,
    a: str = "",
    b: str = "",
    a_image: str | None = None,
    b_image: str | None = None,
    frames: int = 16,
    mode: str = "prior",
    curve: str = "slerp",
    seed: int = 0,
    progress: gr.Progress = PROGRESS,
) -> tuple[str, str, Facts]:
    """Walk from one engraving to another and make a film of it.

    Args:
        a: first end: an id of the collection such as 16102-0000, or `text:` and a description.
        b: last end, likewise.
        a_image: a picture as first end, instead of `a`.
        b_image: a picture as last end, instead of `b`.
        frames: how many, 3 to 120.
        mode: `prior` (every frame a likely engraving) or `direct` (a blend).
        curve: `slerp` or `lerp`.
        seed: for ends that are texts.

    Returns:
        the film as MP4, the film as GIF, and captions by the number of the frame.
    """
    first, last = end_of(engine, "a", a, a_image, seed), end_of(engine, "b", b, b_image, seed)
    walk = engine.walk(
        first, last, frames=frames, mode=mode, curve=curve, seed=seed, progress=teller(progress)
    )
    mp4, gif = new_path("engrave-walk.mp4"), new_path("engrave-walk.gif")
    told = {"prompt": "a walk", "model_version": engine.model_version}
    write_mp4(walk.film, mp4, fps=FPS, facts=told)
    write_gif(walk.film, gif, fps=FPS, facts=told)
    captions = {str(index): text for index, text in walk.captions.items()}
    return str(mp4), str(gif), {"frames": len(walk.frames), "captions": captions}


def walk(
    engine: Engine,
    recipe: Facts,
    files: list[str] | None = None,
    paper: str = "a4",
    progress: gr.Progress = PROGRESS,
) -> tuple[list[str], Facts]:
    """Walk through 2 to 8 keyframes as a recipe says, and make all files of it.

    Args:
        recipe: `{"kind": "engrave walk", "format": 1, "keyframes": [...]}`, a keyframe being
            `{"source": "text:a ship", "seed": 0, "hold_s": 0.5}`, an id of the collection as
            source, or `"upload:0"` for the first of `files`; further `modes` (prior, direct or
            graph, one for all segments or one for each), `frames` (3 to 120), `pace` (even or
            time), `easing` (linear, in-out, in or out), `loop` (once, back or closed), `fps`.
        files: pictures that keyframes name as `upload:0`, `upload:1` and so on.
        paper: of the poster: a4 or a3.

    Returns:
        MP4, GIF, WebP, captions (VTT), frames (ZIP), poster (PDF) and the recipe (JSON) that makes
        it again; and captions, nearest engravings and steps by frame.
    """
    pictures = checked_list(files)
    made = with_uploads(from_page(recipe), lambda number: latent_of(engine, pictures, number))
    tells = teller(progress)
    found = engine.walk_through(made, progress=part(tells, 0.0, 0.9))
    done = finished(made, found, engine.model_version)
    paths = [new_path(f"engrave-walk{suffix}") for suffix in SUFFIXES]
    for path in paths:
        tells(0.9, f"Writing {path.suffix[1:].upper()}")
        write_walk(found, done, path, Paper(size=paper))
    facts = {
        "frames": len(found.frames),
        "captions": {str(index): text for index, text in found.captions.items()},
        "keyframes": list(found.stops),
        "nearest": facts_of(found.nearest),
        "steps": asdict(found.pace),
        "same_pixels": made.pixels == done.pixels if made.pixels else None,
    }
    return [str(path) for path in paths], facts


def latent_of(engine: Engine, pictures: Sequence[Path], number: int) -> np.ndarray:
    """Return the latent of one of the pictures that came with a recipe."""
    if not 0 <= number < len(pictures):
        raise PromptError(
            f"The recipe names upload:{number} and {len(pictures)} files came; "
            "count them from 0, in the order in which they are sent."
        )
    return engine.encode(open_picture(pictures[number]))


def search(session: Session, text: str, num: int = 24, collection: str = "") -> list[Facts]:
    """Find engravings of a collection by what they show.

    Args:
        text: what to look for, at most 300 characters.
        num: how many results, 1 to 200.
        collection: name of an own collection; empty for the one that the page begins with.

    Returns:
        engravings, nearest first: id, caption, printed title, book, author, year, similarity, url.
    """
    engine = session.engine(str(collection or "").strip())
    return facts_of(engine.search(text, num=num))


def place(
    session: Session,
    text: str = "",
    image: str | None = None,
    num: int = 6,
    collection: str = "",
) -> Facts:
    """Say where a picture or a text belongs on the map of a collection, and what is nearest.

    Args:
        text: what it shows, at most 300 characters; or empty, with an image.
        image: a picture, instead of a text.
        num: how many neighbours.
        collection: name of an own collection; empty for the one that the page begins with.

    Returns:
        x and y on the map, neighbours, and for a picture its distance to the collection in words.
    """
    engine = session.engine(str(collection or "").strip())
    num = limits.NEIGHBOURS.whole(num)
    if image:
        vector = engine.encode(open_upload(image))
        near = engine.nearness(vector)
        distance: Facts = {"distance": near.words, "outside": near.outside}
    else:
        vector, distance = engine.embed_texts([text])[0], {}
    x, y = engine.place(vector)
    return {"x": x, "y": y, "neighbours": facts_of(engine.neighbours(vector, num))} | distance


def end_of(engine: Engine, name: str, source: str, image: str | None, seed: int) -> Any:
    """Return the latent of an end; what was typed is never opened as a file."""
    if image:
        return engine.encode(open_upload(image))
    if not source or not source.strip():
        raise PromptError(
            f"End {name} is missing; give an id of the collection, 'text:a ship' or {name}_image."
        )
    return engine.latent_of(source.strip(), seed=seed)


def facts_of(neighbours: tuple[Neighbour, ...]) -> list[Facts]:
    """Return engravings of the collection as plain data."""
    return [asdict(neighbour) for neighbour in neighbours]


def add_endpoints(engine: Engine, views: Views, sessions: Sessions) -> None:
    """Publish all endpoints; call it inside of the page."""
    with gr.Column(visible=False):
        image = [_file("image"), _number("num", 3), _number("num_neighbours", 6)]
        publish("caption", bind(caption, engine), image, [gr.JSON(label="answer")], SHORT_LINE)
        add_making(engine, views, publish)
        ends = [
            gr.Textbox("", label="a"),
            gr.Textbox("", label="b"),
            _file("a_image"),
            _file("b_image"),
            _number("frames", 16),
            gr.Textbox("prior", label="mode: prior or direct"),
            gr.Textbox("slerp", label="curve: slerp or lerp"),
            _number("seed", 0),
        ]
        films = [gr.File(label="MP4"), gr.File(label="GIF"), gr.JSON(label="captions")]
        publish("interpolate", bind(interpolate, engine), ends, films, LONG_LINE)
        walking = [
            gr.JSON(label="recipe"),
            gr.File(label="files", file_types=EXTENSIONS, file_count="multiple"),
            gr.Textbox("a4", label="paper: a4 or a3"),
        ]
        made = [gr.File(label="files", file_count="multiple"), gr.JSON(label="facts")]
        publish("walk", bind(walk, engine), walking, made, LONG_LINE)
        own = gr.Textbox("", label="collection: name of an own one")
        query, visitor = [gr.Textbox(label="text"), _number("num", 24), own], sessions.session
        publish("search", bind(search, visitor), query, [gr.JSON(label="engravings")], SHORT_LINE)
        asked = [gr.Textbox("", label="text"), _file("image"), _number("num", 6), own]
        publish("place", bind(place, visitor), asked, [gr.JSON(label="place")], SHORT_LINE)


def publish(
    name: str, run: Callable[..., Any], inputs: list[Any], outputs: list[Any], line: dict[str, Any]
) -> None:
    """Make one endpoint; the button that Gradio wants for it is never seen."""
    gr.Button(name).click(run, inputs, outputs, api_name=name, **line)


def _file(label: str) -> gr.File:
    return gr.File(label=label, file_types=EXTENSIONS)


def _number(label: str, value: float) -> gr.Number:
    return gr.Number(value, label=label)
