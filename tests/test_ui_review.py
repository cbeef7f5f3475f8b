"""The caption desk as plain functions, with an engine that draws instead of a model."""

import copy
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import unquote

import gradio as gr
import pytest

from engrave.errors import EngraveError, PictureError, PromptError, ReviewError
from engrave.review.exports.formats import read_back
from engrave.review.record import Record
from engrave.ui import caption, review, stops
from engrave.ui.house_style import styled
from engrave.ui.review_session import Session
from engrave.ui.review_views import editor_view, table_view
from engrave.ui.views import Views
from tests.fakes import fake_engine, noise

VIEWS = Views(fake_engine())
REQUEST = cast(gr.Request, SimpleNamespace(session_hash="desk"))


def event(**data: Any) -> gr.EventData:
    """Return an event as the browser sends it."""
    return gr.EventData(None, data)


@pytest.fixture(autouse=True)
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that uploads land in."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def session(uploads: Path) -> Session:
    """A desk with three captioned pictures."""
    session = Session()
    drop(session, *(noise(uploads / f"{at}.png", seed=at) for at in range(3)))
    return session


def drop(session: Session, *paths: Path) -> list[caption.Shown]:
    """Drop files in the frame and wait for the end."""
    return list(caption.describe(VIEWS, session, [str(path) for path in paths], "", REQUEST))


def records(session: Session) -> list[Record]:
    """Return what is on the desk, in order."""
    return list(session.project)


def made(view: dict[str, Any]) -> Path:
    """Return where the file lies that a view offers."""
    return Path(unquote(view["file"]["src"].removeprefix("gradio_api/file=")))


def judge(session: Session, state: str, **texts: str) -> review.Opened:
    """Decide on the open record."""
    data = {"key": session.opened, "state": state, "reviewer": "Ada", **texts}
    return review.judged(VIEWS, session, event(**data))


def test_one_picture_opens_with_its_evidence(uploads: Path) -> None:
    session = Session()
    waiting, found = drop(session, noise(uploads / "a.png"))
    assert waiting[0]["pending"] and waiting[0]["src"].startswith("data:image/webp")
    answer, near, table, editor, away, end = found
    assert [one["how"] for one in answer["candidates"]] == ["beam"] * 3 + ["sampled"] * 2
    assert len(near["items"]) == 5 and {"mark", "text", "probability"} == set(
        near["items"][0]["marks"][0]
    )
    assert table["rows"][0]["state"] == "machine" and table["opened"] == editor["key"]
    assert editor["caption"] == answer["candidates"][0]["text"] and away["accepted"] == 0
    assert end is not None and end.latent.shape == (1024,)


def test_a_batch_opens_its_first_and_leaves_the_editor_alone(uploads: Path) -> None:
    session = Session()
    steps = drop(session, *(noise(uploads / f"{at}.png", seed=at) for at in range(3)))
    editors = [step[3] for step in steps if isinstance(step[3], dict) and "key" in step[3]]
    assert len(editors) == 1 and editors[0]["key"] == records(session)[0].key
    assert steps[-1][2]["counts"]["machine"] == 3 and not steps[-1][2]["running"]


def test_one_text_is_decided_and_its_record_stays_open(session: Session) -> None:
    key = session.opened
    one = {"key": key, "reviewer": "Ada", "only": "caption", "caption": "an owl"}
    shown = review.judged(VIEWS, session, event(state="accepted", **one))
    editor = shown[3]
    assert (editor["key"], editor["state"]) == (key, "edited")
    assert (editor["states"]["caption"], editor["states"]["alt"]) == ("accepted", "machine")
    assert "caption accepted" in editor["note"] and shown[4]["accepted"] == 1
    editor = review.undone(VIEWS, session, event(key=key, only="caption"))[3]
    assert editor["states"]["caption"] == "edited"
    for wrong in ("x", 7, ["caption"]):
        with pytest.raises(PromptError, match="no text"):
            review.judged(VIEWS, session, event(**one | {"state": "accepted", "only": wrong}))


def test_a_bad_file_is_told_and_the_batch_goes_on(uploads: Path) -> None:
    bad = uploads / "bad.jpg"
    bad.write_text("no picture")
    session = Session()
    table = drop(session, bad, noise(uploads / "a.png"))[-1][2]
    assert [one["file"] for one in table["unread"]] == ["bad.jpg"] and table["all"] == 1
    with pytest.raises(PictureError, match="no picture"):
        drop(Session(), bad)


def test_what_was_dropped_before_is_not_captioned_again(session: Session, uploads: Path) -> None:
    before = records(session)
    steps = drop(session, *(uploads / f"{at}.png" for at in range(3)))
    assert records(session) == before and len(steps) == 1


def test_a_batch_is_stopped_and_goes_on(uploads: Path) -> None:
    session = Session()
    paths = [str(noise(uploads / f"{at}.png", seed=at)) for at in range(4)]
    steps: Iterator[caption.Shown] = caption.describe(VIEWS, session, paths, "", REQUEST)
    next(steps)
    view = caption.halt(session, REQUEST)
    with pytest.raises(stops.Stopped):
        list(steps)
    assert not view["running"] and 0 < view["waiting"] < 4
    list(caption.resume(VIEWS, session, REQUEST))
    assert len(session.project) == 4 and not session.queue


def test_going_on_while_the_last_picture_is_still_read_drops_none(
    uploads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, reads, again = Session(), Event(), Event()
    caption_next, names = caption.caption_next, []

    def slow(views: Views, session: Session, path: Path, **wish: Any) -> Any:
        names.append(path.name)
        if path.name == "1.png" and not reads.is_set():
            reads.set()
            assert again.wait(30)
        return caption_next(views, session, path, **wish)

    monkeypatch.setattr(caption, "caption_next", slow)
    paths = [noise(uploads / f"{at}.png", seed=at) for at in range(4)]

    def first() -> None:
        with pytest.raises(stops.Stopped):
            drop(session, *paths)

    with ThreadPoolExecutor() as pool:
        stopped = pool.submit(first)
        assert reads.wait(30)
        caption.halt(session, REQUEST)
        going = caption.resume(VIEWS, session, REQUEST)
        next(going)
        again.set()
        stopped.result(30)
        assert session.running, "the batch that ended is not the one that runs"
        list(going)
    assert sorted(names) == [path.name for path in paths]
    assert len(session.project) == 4 and not session.queue and not session.running


def test_what_breaks_goes_back_into_the_queue(
    uploads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise MemoryError

    session = Session()
    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(caption, "caption_next", broken)
        drop(session, *(noise(uploads / f"{at}.png", seed=at) for at in range(2)))
    list(caption.resume(VIEWS, session, REQUEST))
    assert len(session.project) == 2


def test_accepting_opens_the_next_that_is_undecided(session: Session) -> None:
    first, second, third = (one.key for one in records(session))
    editor = judge(session, "accepted", caption="an owl on a branch by night, carved")[3]
    assert editor["key"] == second and session.project.needed(first).distance > 0
    judge(session, "rejected")
    editor = judge(session, "accepted")[3]
    assert editor["key"] == third and "Every caption has been decided" in editor["note"]
    assert [one.state for one in records(session)] == ["accepted", "rejected", "accepted"]
    assert {one.reviewer for one in records(session)} == {"Ada"}


def test_running_again_spares_what_was_reviewed(session: Session) -> None:
    judge(session, "accepted", caption="an owl of my own")
    before = records(session)
    list(caption.rerun(VIEWS, session, REQUEST))
    after = records(session)
    assert after[0] == before[0] and [one.state for one in after[1:]] == ["machine"] * 2


def test_what_was_written_again_is_shown_before_it_is_accepted(session: Session) -> None:
    first = records(session)[0]
    session.project.put(replace(first, caption="stale"))
    last = list(caption.rerun(VIEWS, session, REQUEST))[-1]
    assert last[3]["key"] == first.key and last[3]["caption"] == first.caption


def test_what_was_written_is_kept_on_the_way_to_the_next(session: Session) -> None:
    first = session.opened
    editor = review.stepped(VIEWS, session, event(key=first, alt="A hill."))[3]
    assert session.project.needed(first).alt == "A hill." and editor["key"] != first
    back = review.stepped(VIEWS, session, event(key=editor["key"], back=True))[3]
    assert back["key"] == first and back["state"] == "edited"


def test_a_decision_is_opened_again(session: Session) -> None:
    first = session.opened
    judge(session, "accepted")
    review.undone(VIEWS, session, event(key=first))
    assert session.project.needed(first).state == "machine"


def test_another_candidate_is_taken(session: Session) -> None:
    wanted = records(session)[0].machine.candidates[3].text
    editor = review.taken(VIEWS, session, event(position=3))[3]
    assert editor["caption"] == wanted and editor["state"] == "edited"
    for position in (-1, 5, "0", None, True):
        with pytest.raises(PromptError, match="no longer here"):
            review.taken(VIEWS, session, event(position=position))


@pytest.mark.parametrize(
    "data",
    [{}, {"key": "no"}, {"key": 7}, {"key": None, "state": "accepted"}],
)
def test_a_forged_key_is_refused(data: dict[str, Any], session: Session) -> None:
    for handler in (review.opened, review.saved, review.judged, review.undone, review.stepped):
        with pytest.raises(ReviewError, match="not in the project"):
            handler(VIEWS, session, event(**data))


def test_a_forged_state_or_text_is_refused(session: Session) -> None:
    before = records(session)
    for data in ({"state": "machine"}, {"state": None}, {"state": "accepted", "caption": 7}):
        with pytest.raises(EngraveError):
            review.judged(VIEWS, session, event(key=session.opened, reviewer="Ada", **data))
    assert records(session) == before


def test_the_table_is_filtered_and_paged(session: Session) -> None:
    judge(session, "accepted")
    table = review.turned(session, event(which="open"))
    assert len(table["rows"]) == 2 and table["counts"]["accepted"] == 1
    assert review.turned(session, event(page=7))["page"] == 0
    assert review.turned(session, event(which="nonsense"))["which"] == "open"


def test_an_export_holds_the_accepted_and_comes_back(session: Session, uploads: Path) -> None:
    with pytest.raises(ReviewError, match="Nothing is accepted"):
        review.exported(session, event(format="csv"))
    judge(session, "accepted")
    for form in ("csv", "jsonl", "imagefolder", "texts", "xmp"):
        view = review.exported(session, event(format=form))
        path = made(view)
        assert read_back(path.read_bytes(), path.name) == records(session)[:1]
    assert review.exported(session, event(format="csv", all=True))["file"]["count"] == 3
    with pytest.raises(ReviewError, match="no such format"):
        review.exported(session, event(format="docx"))


def test_a_project_goes_on_in_another_visit(session: Session, uploads: Path) -> None:
    judge(session, "accepted")
    saved = made(review.exported(session, event(format="project")))
    other = Session()
    answer, _, table, editor, *_ = review.loaded(VIEWS, other, str(saved), "")
    assert records(other) == records(session) and table["all"] == 3
    assert answer["src"] == "" and editor["key"]
    drop(other, uploads / "0.png")  # the picture comes back to its record
    assert records(other) == records(session) and other.paths


def test_a_project_of_yesterday_leaves_what_was_decided_today(session: Session) -> None:
    judge(session, "accepted", caption="what it was yesterday")
    saved = made(review.exported(session, event(format="project")))
    first = records(session)[0]
    today = replace(first, caption="what it is today", reviewed="2999-01-01T00:00:00Z")
    session.project.put(today)
    editor = review.loaded(VIEWS, session, str(saved), "")[3]
    assert records(session)[0] == today
    assert "2 of 3 records were taken in. 1 stayed as they are here" in editor["note"]


def test_a_file_from_elsewhere_is_no_project(session: Session) -> None:
    with pytest.raises(PictureError, match="not uploaded here"):
        review.loaded(VIEWS, session, "/etc/passwd", "")


def test_the_house_style_is_applied(session: Session, uploads: Path) -> None:
    table = uploads / "terms.csv"
    table.write_text("term,preferred\nfine,delicate\n")
    given = (3, 4, "hatching", "", str(table), False, False, "")
    editor = styled(VIEWS, session, *given)[3]
    assert any("style asks for 3 to 4" in one for one in editor["findings"])
    assert any("'hatching' is on the list" in one for one in editor["findings"])
    drop(session, noise(uploads / "new.png", seed=9))
    new = records(session)[-1]
    assert "delicate" in new.caption and "fine" in new.machine.caption
    assert editor_view(session)["changes"] == (("fine", "delicate"),)
    with pytest.raises(ReviewError):
        styled(VIEWS, session, 9, 3, "", "", None, False, False, "")


def test_preferred_terms_stay_until_they_are_forbidden(session: Session, uploads: Path) -> None:
    table = uploads / "terms.csv"
    table.write_text("fine,delicate\n")
    styled(VIEWS, session, 3, 20, "nice", "", str(table), False, False, "")
    saved = made(review.exported(session, event(format="project")))
    other = Session()
    *_, editor, _, _, low, high, banned, unseen = review.loaded(VIEWS, other, str(saved), "")
    assert (low, high, banned, unseen) == (3, 20, "nice", "")
    assert "1 preferred term applies" in editor["note"]
    styled(VIEWS, other, low, 30, banned, unseen, None, False, False, "")
    assert other.project.style == replace(session.project.style, max_words=30)
    styled(VIEWS, other, low, 30, banned, unseen, None, True, False, "")
    assert other.project.style.terms == ()
    after = review.loaded(VIEWS, session, str(saved), "")[-4:]  # the desk keeps its own style
    assert after == (gr.skip(),) * 4


def test_another_candidate_is_taken_in_the_curators_words(session: Session, uploads: Path) -> None:
    table = uploads / "terms.csv"
    table.write_text("hatching,strokes\n")
    styled(VIEWS, session, 3, 20, "", "", str(table), False, False, "")
    raw = records(session)[0].machine.candidates[3].text
    editor = review.taken(VIEWS, session, event(position=3))[3]
    assert editor["caption"] == raw.replace("hatching", "strokes") != raw
    assert editor["changes"] == (("hatching", "strokes"),)
    assert editor["mark"] == "machine text, edited, not accepted"  # no person wrote it
    assert records(session)[0].machine.candidates[3].text == raw


@pytest.mark.parametrize("way", ["row", "take", "undo", "style", "load", "drop"])
def test_what_is_typed_is_kept_whatever_else_is_asked_for(
    way: str, session: Session, uploads: Path
) -> None:
    first, second, _ = (one.key for one in records(session))
    project = made(review.exported(session, event(format="project")))
    draft = {"key": first, "title": "The Tower", "reviewer": "Ada"}
    if way == "undo":
        judge(session, "accepted")
    text = json.dumps(draft)
    ways: dict[str, Callable[[], object]] = {
        "row": lambda: review.opened(VIEWS, session, event(key=second, draft=draft)),
        "take": lambda: review.taken(VIEWS, session, event(position=2, draft=draft)),
        "undo": lambda: review.undone(VIEWS, session, event(**draft)),
        "style": lambda: styled(VIEWS, session, 1, 9, "", "", None, False, False, text),
        "load": lambda: review.loaded(VIEWS, session, str(project), text),
        "drop": lambda: list(caption.describe(
            VIEWS, session, [str(noise(uploads / "new.png", seed=9))], text, REQUEST
        )),
    }  # fmt: skip
    ways[way]()
    own = session.project.needed(first)
    assert (own.title, own.state, session.reviewer) == ("The Tower", "edited", "Ada")


@pytest.mark.parametrize("draft", ["", "null", "{", "[1]", '{"key": "no"}', '{"key": 7}'])
def test_a_draft_of_nothing_is_passed_over(draft: str, session: Session) -> None:
    before = records(session)
    styled(VIEWS, session, 1, 9, "", "", None, False, False, draft)
    assert records(session) == before


def test_what_lies_in_no_file_is_counted(session: Session, uploads: Path) -> None:
    assert table_view(session)["loose"] == 3
    review.exported(session, event(format="project"))
    assert table_view(session)["loose"] == 3, "made, and not yet downloaded"
    assert review.fetched(session)["loose"] == 0
    judge(session, "accepted")
    assert table_view(session)["loose"] == 1
    saved = made(review.exported(session, event(format="csv")))
    assert review.fetched(session)["loose"] == 0
    other = Session()
    review.loaded(VIEWS, other, str(saved), "")
    assert table_view(other)["loose"] == 0
    alone = Session()
    drop(alone, uploads / "0.png")
    assert table_view(alone)["loose"] == 0, "one picture is captioned again in a moment"


def test_each_visit_has_a_desk_of_its_own(session: Session) -> None:
    other = copy.deepcopy(session)
    assert len(session.project) == 3 and len(other.project) == 0
    assert table_view(other)["all"] == 0


def test_what_goes_to_the_page_is_plain_data(session: Session) -> None:
    shown = review.shown(VIEWS, session)
    json.dumps(shown[:5])
