"""Every path that writes a picture of the model's marks it, in each format."""

from __future__ import annotations

import base64
import io
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from engrave import marks
from engrave.collection import Collection
from engrave.collection.export import Imported, as_contact_sheet, as_zip
from engrave.engine import Engine
from engrave.making.edits import mixed, padded, variations
from engrave.making.sheet import as_pdf, as_png, sheet_of
from engrave.recipe import Recipe
from engrave.shelf.records import Holding
from engrave.ui import ends, explore_draw
from engrave.ui.exhibit import build_examples
from engrave.ui.explore_map import Chart
from engrave.ui.generate_bench import pad_view
from engrave.ui.views import Views, picture_url
from engrave.ui.walk_view import sheet_of as sheet_of_frames
from engrave.video import write_gif, write_mp4
from engrave.walks import Keyframe
from engrave.walks import Recipe as Route
from engrave.walks.packing import SUFFIXES, finished, write_walk
from tests.fake_studio import draw, latent_from
from tests.fakes import fake_engine, noise

SOURCE = marks.GENERATED.encode()
ENGINE: Engine = fake_engine()
FRAMES = [draw(latent_from(str(k)), 64) for k in range(4)]
FACTS = {"prompt": "a <ship> & more", "seed": "7", "model_version": "m-1"}


@pytest.fixture(autouse=True)
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the page writes."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))


def bytes_of(url: str) -> bytes:
    """Return what lies inside of an address."""
    return base64.b64decode(url.partition(",")[2])


def test_pictures_carry_xmp_that_a_reader_finds() -> None:
    for data in (marks.png(FRAMES[0], FACTS), marks.webp(FRAMES[0], FACTS)):
        with Image.open(io.BytesIO(data)) as image:
            found = image.getxmp()["xmpmeta"]["RDF"]["Description"]
        assert found["DigitalSourceType"] == marks.GENERATED
        assert found["CreatorTool"] == "Engrave m-1"
        assert "a <ship> & more" in str(found["description"])


def test_a_gif_plays_and_carries_its_mark(tmp_path: Path) -> None:
    write_gif(FRAMES, tmp_path / "walk.gif", fps=8, facts=FACTS)
    assert SOURCE in (tmp_path / "walk.gif").read_bytes()
    with Image.open(tmp_path / "walk.gif") as film:
        assert film.n_frames == 4
        np.testing.assert_allclose(np.asarray(film.convert("L")), np.asarray(FRAMES[0]), atol=4)
        assert b"a <ship>" in film.info["comment"]


def test_a_film_carries_its_mark(tmp_path: Path) -> None:
    import av

    write_mp4(FRAMES, tmp_path / "walk.mp4", fps=8, facts=FACTS)
    assert SOURCE in (tmp_path / "walk.mp4").read_bytes()
    with av.open(str(tmp_path / "walk.mp4")) as film:
        assert "a <ship>" in film.metadata["comment"]
        assert sum(1 for _ in film.decode(video=0)) == 4


def test_pictures_inside_of_the_page_are_marked() -> None:
    views = Views(ENGINE)
    made = views.keep(ENGINE.follow(Recipe(text="a ship")))
    names = [one.name for one in ENGINE.maker.directions[:2]]
    urls = [ends.from_text(ENGINE, "a ship", 0).src, ends.from_plate(ENGINE, made).src]
    urls += [ends.from_collection(ENGINE, 3).src]
    urls += pad_view(ENGINE, made, names[0], names[1], 2)["cells"]
    assert all(SOURCE in bytes_of(url) for url in urls)
    assert SOURCE in made.path.read_bytes()


def test_sheets_are_marked_and_originals_are_not() -> None:
    chosen = [ENGINE.collection.neighbour(row) for row in range(3)]
    pictures = [draw(latent_from(one.id), 64) for one in chosen]
    assert SOURCE in as_contact_sheet(chosen, pictures, "Three")
    ids = {one.id for one in chosen}
    assert SOURCE not in as_contact_sheet(chosen, pictures, "Three", ids)


def test_the_corner_mark_changes_the_corner_only() -> None:
    image = draw(latent_from("a"), 256)
    marked = marks.with_corner_mark(image)
    changed = np.argwhere(np.asarray(image) != np.asarray(marked))
    assert len(changed) > 100 and changed[:, 0].min() > 220 and changed[:, 1].min() > 100


def test_a_mark_is_part_of_the_recipe() -> None:
    plain, marked = (
        ENGINE.follow(Recipe(text="a", corner_mark=mark), describe=False) for mark in (False, True)
    )
    assert plain.image.tobytes() != marked.image.tobytes()
    facts: dict[str, Any] = marked.facts()
    assert '"corner_mark": true' in facts["recipe"]


# every place that writes a picture by hand, and why what it writes has no mark of a model
BY_HAND = {
    "engrave/marks.py": "it is what puts the marks in",
    "engrave/collection/atlas.py": "for scans and imports; with `made` it goes through marks",
    "engrave/collection/export.py": "originals and imports in a ZIP of engravings",
    "engrave/originals/store.py": "scans of Project Gutenberg",
    "engrave/shelf/intake.py": "pictures that a person imported",
    "engrave/ui/files.py": "uploads, originals, and thumbnails of 96 px, where a mark would be a "
    "third of the file; the page says beside each what it is",
    "train/report/pairs.py": "pairs of a log that somebody brought, to compare them",
    "train/hashes.py": "noise to try a fingerprint on; it is never written to a file",
    "train/loop.py": "sheets of a running training hold scans beside what was drawn of them",
}
PICTURE = re.compile(r"""\.save\([^#\n]*("(PNG|WEBP|GIF|JPEG)"|quality=|\.png|\.webp)""")
ROOT = Path(__file__).resolve().parents[1]


def routed(name: str) -> Path:
    """Return a place to write to."""
    return Path(os.environ["GRADIO_TEMP_DIR"]) / name


def plates() -> Iterator[bytes]:
    """What Generate makes: from a text, varied, mixed, of a pad, and the sheets."""
    start = Recipe(text="a ship")
    ways = [one.name for one in ENGINE.maker.directions[:2]]
    other = Recipe(engraving=ENGINE.collection.item(3).id)
    recipes = [start, other, *variations(start, 0.4, 1), mixed(start, other)]
    recipes += [padded(start, *ways)[0]]
    for recipe in recipes:
        yield Views(ENGINE).keep(ENGINE.follow(recipe)).path.read_bytes()
    sheet = sheet_of(["a ship"], 2, start)
    for lay_out in (as_png, as_pdf):
        yield lay_out(sheet, FRAMES[:2], "m-1")


def walks() -> Iterator[bytes]:
    """All files of a walk that hold pictures, frames in the ZIP one by one, and the player's."""
    keyframes = tuple(Keyframe(latent=latent_from(text)) for text in "ab")
    recipe = Route(keyframes=keyframes, frames=4, pace="time")
    walk = ENGINE.walk_through(recipe)
    done = finished(recipe, walk, "m-1")
    yield sheet_of_frames(walk.frames, {"model_version": "m-1"})
    for suffix in set(SUFFIXES) - {".vtt", ".json"}:
        path = routed(f"walk{suffix}")
        write_walk(walk, done, path)
        if suffix != ".zip":
            yield path.read_bytes()
            continue
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist() if name.endswith(".png"))


def collections() -> Iterator[bytes]:
    """What leaves a collection that the model remembers: contact sheets, ZIPs, its thumbnails."""
    chosen = [ENGINE.collection.neighbour(row) for row in range(3)]
    yield as_contact_sheet(chosen, FRAMES[:3], "Three")
    with zipfile.ZipFile(io.BytesIO(as_zip(chosen, FRAMES[:3], "m-1"))) as archive:
        yield from (archive.read(name) for name in archive.namelist() if name.endswith(".png"))
    assert ENGINE.collection.folder is not None
    for path in ENGINE.collection.folder.glob("atlas-*.webp"):
        yield path.read_bytes()


def examples() -> Iterator[bytes]:
    """What the page shows before anything is asked."""
    build_examples(ENGINE, routed("examples"))
    for path in routed("examples").rglob("*"):
        if path.suffix in (".png", ".webp", ".mp4", ".gif"):
            yield path.read_bytes()


def places() -> Iterator[bytes]:
    """What the map draws for an empty place."""
    chart = Chart(ENGINE, Views(ENGINE), routed("words"))
    event = gr.EventData(None, {"x": [0.1], "y": [0.2]})
    yield bytes_of(explore_draw.drawn(chart, {}, event)[0]["picture"])


@pytest.mark.parametrize("written", [plates, walks, collections, examples, places])
def test_every_path_that_saves_leaves_a_mark(written: Callable[[], Iterator[bytes]]) -> None:
    files = list(written())
    assert files and all(SOURCE in data for data in files)
    pictures = [data for data in files if data.startswith((b"\x89PNG", b"RIFF"))]
    for data in pictures:
        with Image.open(io.BytesIO(data)) as image:
            assert "parameters" in image.info or "exif" in image.info


def test_who_writes_a_picture_goes_through_the_marks_or_says_why_not() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("engrave", "train")
        for path in (ROOT / folder).rglob("*.py")
        if PICTURE.search(path.read_text(encoding="utf-8"))
    }
    assert found == set(BY_HAND)


def test_what_a_person_brought_is_not_called_the_models(tmp_path: Path) -> None:
    class Held(Collection):
        """A collection that has its pictures."""

        def holds(self, index: int) -> bool:
            return True

        def picture(self, index: int) -> Image.Image:
            return FRAMES[index]

    plain = ENGINE.collection
    items = [plain.item(row) for row in range(3)]
    held = Held(items, latents=plain.latents[:3], embeddings=plain.embeddings[:3])
    engine = ENGINE.with_collection(held)
    upload = noise(tmp_path / "a.png")
    urls = [picture_url(engine, 1), ends.from_collection(engine, 1).src]
    urls += [Views(engine)._remembered(1), ends.from_upload(engine, str(upload)).src]
    assert all(SOURCE not in bytes_of(url) for url in urls)
    chosen = [plain.neighbour(row) for row in range(3)]
    brought = Imported(Holding(**asdict(item), caption_by="source") for item in items)
    assert SOURCE not in as_zip(chosen, FRAMES[:3], "m-1", brought)
    assert SOURCE not in as_contact_sheet(chosen, FRAMES[:3], "Three", brought)
