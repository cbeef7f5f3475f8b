"""Words that are drawn inside of a plate are read into a field of their own."""

import importlib.util
import io
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

from engrave.cli import main
from engrave.engine import Engine
from engrave.errors import ReviewError
from engrave.places import ASSETS
from engrave.review import inscriptions
from engrave.review.exports.rows import mark_of
from engrave.review.inscriptions import check_reader, read_inscriptions
from engrave.review.project import read_project
from engrave.review.record import decided, edited
from engrave.ui import caption, review
from engrave.ui.review_session import Session
from engrave.ui.views import Views
from tests.fakes import fake_engine

LINES = ("THE CASTLE GATE", "drawn from nature, 1843")


@pytest.fixture(scope="module")
def plate() -> Image.Image:
    """A hatched arch with two lines below it, in the page's own letters."""
    letters = io.BytesIO()
    found = TTFont(ASSETS / "fonts" / "eb-garamond-latin-400-normal.woff2")
    found.flavor = None  # FreeType reads no WOFF2 everywhere
    found.save(letters)
    picture = Image.new("L", (900, 1000), 245)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((200, 80, 700, 700), outline=0, width=4)
    for x in range(220, 680, 14):
        pen.line((x, 700, x + 60, 420), fill=60, width=2)
    for line, top, size in zip(LINES, (760, 860), (64, 44), strict=True):
        font = ImageFont.truetype(io.BytesIO(letters.getvalue()), size)
        pen.text((450, top), line, fill=0, font=font, anchor="ma")
    return picture


def letters_of(text: str) -> str:
    """Return letters and digits alone: spaces and commas are what reading gets wrong first."""
    return "".join(one for one in text.lower() if one.isalnum())


def test_a_drawn_inscription_is_read(plate: Image.Image) -> None:
    assert [letters_of(line) for line in read_inscriptions(plate).splitlines()] == [
        letters_of(line) for line in LINES
    ]


def test_a_small_scan_is_enlarged(plate: Image.Image) -> None:
    small = plate.resize((360, 400), Image.Resampling.LANCZOS)
    assert letters_of(LINES[0]) in letters_of(read_inscriptions(small))


def test_hatching_is_no_word() -> None:
    strokes = np.full((400, 400), 240, np.uint8)
    strokes[::9] = 20
    strokes[:, ::13] = 60
    assert read_inscriptions(Image.fromarray(strokes)) == ""


def test_it_goes_into_its_own_field_and_into_no_other(
    plate: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "load", lambda *_: fake_engine())
    monkeypatch.setattr(type(fake_engine()), "wake", lambda _: None, raising=False)
    plate.save(tmp_path / "plate.png")
    given = ["caption", str(tmp_path / "plate.png"), "--project", str(tmp_path / "work.jsonl")]
    assert main([*given, "--printed-words"]) == 0
    (record,) = read_project((tmp_path / "work.jsonl").read_bytes())
    assert letters_of(LINES[0]) in letters_of(record.printed)
    assert record.machine.printed == record.printed and record.title == ""
    for other in (record.caption, record.alt, "".join(record.tags)):
        assert letters_of(LINES[0]) not in letters_of(other)


@pytest.mark.parametrize("state", ["machine", "edited", "written", "accepted", "rejected"])
def test_what_is_read_on_the_desk_stays_the_machines(
    state: str, plate: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    plate.save(tmp_path / "plate.png")
    views, session = Views(fake_engine()), Session()
    request = gr.Request(session_hash="ocr")
    list(caption.describe(views, session, [str(tmp_path / "plate.png")], "", request))
    key = session.opened
    texts = {"edited": {"title": "Gate"}, "written": {"printed": "My own"}}.get(state, {})
    session.project.change(key, lambda one: edited(one, texts) if texts else one)
    if state in ("accepted", "rejected"):
        session.project.change(key, lambda one: decided(one, state, "Ada"))
    before = session.project.needed(key)
    editor = review.read_words(views, session, gr.EventData(None, {"key": key}))[3]
    after = session.project.needed(key)
    assert letters_of(LINES[0]) in letters_of(after.machine.printed)
    assert (after.state, after.reviewer) == (before.state, before.reviewer)
    assert "printed words" not in mark_of(after) or state == "written"
    if state in ("machine", "edited"):
        assert after.printed == after.machine.printed and editor["read"] == ""
    else:
        assert after.printed == before.printed and editor["read"] == after.machine.printed
    if state == "machine":
        list(caption.rerun(views, session, request))
        assert session.project.needed(key).machine.written >= before.machine.written
        assert session.project.needed(key).printed == after.printed


def test_without_the_package_a_sentence_says_what_to_install(
    plate: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "rapidocr" else find(name)
    )
    inscriptions._reader.cache_clear()
    for ask in (check_reader, lambda: read_inscriptions(plate)):
        with pytest.raises(ReviewError, match=r"pip install -r requirements-ocr\.txt"):
            ask()
    assert not inscriptions.can_read()
