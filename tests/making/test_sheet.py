"""Sheets of texts and seeds: the pixels of single pictures, files that say what they are."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from engrave.engine import Engine
from engrave.errors import PromptError, RecipeError
from engrave.image import read_metadata
from engrave.lettering import Letters
from engrave.making.sheet import NO_TEXT, Sheet, as_pdf, as_png, drawn, settled, sheet_of, texts_in
from engrave.marks import GENERATED
from engrave.model.multimodal import MultimodalModel
from engrave.recipe import Recipe
from engrave.recipe_file import from_json, from_png
from tests.tiny import tiny_collection

LAST = 2**32 - 1
TEXTS = ["a ship", "an owl on a branch, Żółw", ""]
LIKE = Recipe(seed=LAST, guidance=1.5, steps=2, less="people")


@pytest.fixture
def engine(tiny_model: MultimodalModel) -> Engine:
    """An engine over 40 random engravings."""
    return Engine(tiny_model, tiny_collection(40))


def made(engine: Engine, texts: Sequence[str], seeds: int) -> tuple[Sheet, list[Image.Image]]:
    """Make a sheet and its pictures."""
    sheet = sheet_of(texts, seeds, LIKE)
    plates = list(drawn(sheet, engine.follow))
    return settled(sheet, plates), [plate.image for plate in plates]


def places(page: np.ndarray, picture: Image.Image) -> list[tuple[int, int]]:
    """Return where a picture stands on a page, pixel by pixel."""
    small = np.asarray(picture)
    height, width = small.shape
    windows = np.lib.stride_tricks.sliding_window_view(page, (height, width))
    corners = np.argwhere(windows[:, :, 0, 0] == small[0, 0])
    return [(y, x) for y, x in corners.tolist() if (windows[y, x] == small).all()]


def test_each_cell_is_the_very_picture_of_its_text_and_seed(engine: Engine) -> None:
    sheet, pictures = made(engine, TEXTS, 2)
    assert sheet.columns == (f"seed {LAST}", "seed 0") and sheet.rows[2] == NO_TEXT
    with Image.open(io.BytesIO(as_png(sheet, pictures, "m-1"))) as image:
        page = np.asarray(image)
    found = []
    for text in TEXTS:
        for plate in engine.generate(
            text, num=2, seed=LAST, guidance=1.5, steps=2, less="people", describe=False
        ):
            (place,) = places(page, plate.image)
            found.append(place)
    rows, columns = ({place[axis] for place in found} for axis in (0, 1))
    assert len(rows) == 3 and len(columns) == 2, "a row for each text, a column for each seed"
    assert found == sorted(found)


def test_a_sheet_says_how_it_was_made_and_each_picture_comes_again(engine: Engine) -> None:
    sheet, pictures = made(engine, TEXTS[:2], 2)
    png = as_png(sheet, pictures, engine.model_version)
    facts = read_metadata(png)
    assert "an owl on a branch" in facts["parameters"] and GENERATED.encode() in png
    pages = json.loads(facts["recipes"])
    again = engine.follow(from_json(json.dumps({"format": 1, **pages[3]})), describe=False)
    assert again.image.tobytes() == pictures[3].tobytes()
    with pytest.raises(RecipeError, match="a sheet of several pictures"):
        from_png(png)


@pytest.mark.parametrize(("rows", "columns", "pages"), [(1, 1, 1), (12, 1, 6), (5, 8, 1)])
def test_a_pdf_has_room_for_every_shape(
    engine: Engine, rows: int, columns: int, pages: int
) -> None:
    picture = Image.new("L", (32, 32), 90)
    sheet = sheet_of(["word " * 60] * rows, columns, LIKE)
    pdf = as_pdf(sheet, [picture] * rows * columns, "m-1")
    assert pdf.startswith(b"%PDF-") and GENERATED.encode() in pdf
    assert pdf.count(b"/Type /Page\n") == pages


def test_what_is_too_much_or_nothing_gets_a_sentence() -> None:
    assert texts_in(" a ship \r\n\n an owl\n") == ["a ship", "an owl"]
    for lines in ("", " \n\n", None, 5):
        with pytest.raises(PromptError, match="one a line"):
            texts_in(lines)
    with pytest.raises(PromptError, match="number of texts of a sheet is 13"):
        sheet_of(["a"] * 13, 2, LIKE)
    with pytest.raises(PromptError, match="number of seeds of a sheet is 9"):
        sheet_of(["a"], 9, LIKE)
    with pytest.raises(PromptError, match="at most 300"):
        sheet_of(["a" * 301], 1, LIKE)


def test_words_are_broken_and_cut_to_the_room_that_there_is() -> None:
    letters = Letters(18)
    for text in ("a ship in a storm off a rocky coast", "x" * 90, "Żółw ☃ 船 ship"):
        lines = letters.lines(text, 120)
        assert all(letters.width(line) <= 120 for line in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert letters.width(letters.cut(text, 60)) <= 60
    assert letters.cut("a ship", 500) == "a ship" and letters.lines("", 100) == []
