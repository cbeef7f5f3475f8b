"""Every path that writes a picture of the model's marks it, in each format."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engrave import marks
from engrave.collection.export import as_contact_sheet
from engrave.engine import Engine
from engrave.recipe import Recipe
from engrave.ui import ends
from engrave.ui.generate_bench import pad_view
from engrave.ui.views import Views
from engrave.video import write_gif, write_mp4
from tests.fake_studio import draw, latent_from
from tests.fakes import fake_engine

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
