"""What people made with the first releases still opens: own collections, projects and recipes.

`released/own.zip` was written by the code that first had each: a collection in LanceDB of six drawn
pictures that were captioned and edited, a project of two captions, a recipe as JSON and inside of a
PNG, and a walk's; `known.json` is what that code read of the collection. The model is that of
`released/first.zip`.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engrave import recipe_file
from engrave.engine import Engine
from engrave.review.project import read_project
from engrave.shelf.importer import Importer
from engrave.shelf.shelf import Shelf
from engrave.sources import open_source
from engrave.walks import recipe as walks

FOLDER = Path(__file__).parent / "released"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The folder of what was kept, which a test may write to."""
    with zipfile.ZipFile(FOLDER / "own.zip") as packed:
        packed.extractall(tmp_path)
    return tmp_path


@pytest.fixture
def known(own: Path) -> dict[str, Any]:
    """What the code of then read of the collection."""
    return dict(json.loads((own / "known.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The model of the first release over its collection."""
    folder = tmp_path_factory.mktemp("first")
    with zipfile.ZipFile(FOLDER / "first.zip") as packed:
        packed.extractall(folder)
    return Engine.load(folder / "model", folder / "collection")


def test_a_collection_reads_as_it_did(own: Path, known: dict[str, Any]) -> None:
    shelf = Shelf(own / "home")
    volume = shelf.open("prints")
    assert [one.id for one in volume.items] == known["ids"]
    assert [one.caption for one in volume.items] == known["captions"]
    assert [one.printed for one in volume.items] == known["titles"]
    assert [dict(one.facets) for one in volume.items] == known["facets"]
    places = np.array([(one.x, one.y) for one in volume.items])
    np.testing.assert_allclose(places, known["places"], atol=1e-3)
    np.testing.assert_allclose(volume.embeddings[:, :4], known["embeddings"], atol=1e-3)
    assert [one.id for one in volume.nearest(volume.embeddings[3], 4)] == known["nearest"]
    pictures = [volume.picture(row) for row in range(len(volume))]
    assert [list(one.size) for one in pictures] == known["sizes"]
    greys = [sum(one.resize((8, 8)).tobytes()) / 64 for one in pictures]
    np.testing.assert_allclose(greys, known["greys"], atol=0.5)
    assert volume.page_folder() is not None  # the map as a browser reads it


def test_its_versions_go_back_and_forth(own: Path, known: dict[str, Any]) -> None:
    shelf = Shelf(own / "home")
    assert [one.what for one in shelf.journal("prints").versions] == known["versions"]
    assert [one.caption for one in shelf.open("prints", 1).items] == known["before"]
    shelf.undo("prints")
    assert [one.caption for one in shelf.open("prints").items] == known["before"]
    shelf.undo("prints", 2)
    assert [one.caption for one in shelf.open("prints").items] == known["captions"]


def test_its_import_goes_on_and_it_is_searched(
    own: Path, known: dict[str, Any], engine: Engine
) -> None:
    shelf = Shelf(own / "home")
    importer = Importer(shelf, engine.studio)
    again = importer.run(open_source(own / "prints"), "prints", origin="/prints")
    assert (again.added, again.present, again.pictures) == (0, 6, 6)
    assert [one.caption for one in shelf.open("prints").items] == known["captions"]
    (own / "more").mkdir()
    (own / "prints" / "0-circle.png").rename(own / "more" / "twin.png")
    more = importer.run(open_source(own / "more"), "prints")
    assert more.added == 0 and [key for key, _ in more.twins] == ["twin.png"]
    found = engine.with_collection(shelf.open("prints")).search("a square", num=3)
    assert len(found) == 3 and {one.id for one in found} <= set(known["ids"])


def test_a_project_keeps_what_a_person_decided(own: Path, tmp_path: Path) -> None:
    project = read_project((own / "work.jsonl").read_bytes())
    first, second = project
    assert (first.caption, first.state, first.reviewer) == (
        "a shape that Ada named", "accepted", "Ada",
    )  # fmt: skip
    assert first.tags == ("owl", "tree") and second.state == "machine"
    assert second.machine is not None and second.caption == second.machine.caption
    project.save(tmp_path / "again.jsonl")
    again = read_project((tmp_path / "again.jsonl").read_bytes())
    assert list(again) == [first, second] and again.style == project.style


def test_a_recipe_is_followed(own: Path, engine: Engine) -> None:
    told = recipe_file.from_json((own / "a-ship-3.json").read_text())
    assert recipe_file.from_png(own / "a-ship-3.png") == told
    assert (told.text, told.less, told.seed, told.steps) == ("a ship", "people", 3, 4)
    assert told.model_version == "first-smoke" == engine.model_version
    plate = engine.follow(told)
    assert plate.image.size[0] > 0 and json.loads(plate.recipe.as_json())["seed"] == 3


def test_a_walk_is_walked_again(own: Path, engine: Engine) -> None:
    told = walks.from_json((own / "walk.json").read_text())
    assert [one.source for one in told.keyframes] == ["text:a ship", "text:an owl"]
    assert len(engine.walk_through(told).frames) == told.frames == 5
