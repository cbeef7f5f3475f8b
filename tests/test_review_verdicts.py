"""Each text has a review of its own, and what leaves are accepted texts alone."""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace

import pytest

from engrave.errors import PromptError, ReviewError
from engrave.review.exports.formats import FORMATS, meant, read_back
from engrave.review.exports.rows import mark_of, row_of
from engrave.review.parsing import from_json
from engrave.review.project import Project, merged
from engrave.review.record import (
    LABELS,
    Record,
    decided,
    edited,
    inscribed,
    released,
    reopened,
    verdict_on,
)  # fmt: skip
from tests.test_review import record

CANVAS = "https://iiif.example.org/{stem}/canvas/1"
SECRET = "never to be seen"
FULL = {"alt": "An owl.", "title": "The Owl", "printed": "FIG. 1", "tags": "owl; tree"}


def full(**texts: str) -> Record:
    """Return a record of which each text is there."""
    return edited(record(), FULL | texts)


def states(one: Record) -> dict[str, str]:
    """Return how far each text is."""
    return {name: verdict_on(one, name).state for name in LABELS}


def accepted(one: Record, *only: str) -> Record:
    """Return the record with some texts accepted."""
    return decided(one, "accepted", "Ada", "2026-02-01T00:00:00Z", only)


def test_each_text_goes_its_own_way() -> None:
    one = accepted(full(), "caption")
    assert (one.state, one.reviewer) == ("edited", "")
    assert states(one) == {
        "caption": "accepted", "alt": "edited", "title": "edited", "printed": "edited",
        "tags": "edited",
    }  # fmt: skip
    one = decided(one, "rejected", "Bob", only=["tags"])
    assert (
        verdict_on(one, "tags").reviewer == "Bob" and verdict_on(one, "caption").reviewer == "Ada"
    )
    again = edited(one, {"caption": "a boat"})
    assert states(again) | {"caption": "edited", "tags": "rejected"} == states(again)
    back = reopened(one, ["tags"])
    assert states(back)["tags"] == "edited" and states(back)["caption"] == "accepted"
    assert states(reopened(one)) == states(full())


def test_a_record_is_decided_once_each_of_its_texts_is() -> None:
    one = accepted(full(), "caption", "alt", "title")
    assert one.state == "edited"
    one = decided(one, "rejected", "Bob", "2026-03-01T00:00:00Z", ["printed", "tags"])
    assert (one.state, one.reviewer) == ("accepted", "Bob")
    assert states(one)["tags"] == "rejected" and verdict_on(one, "alt").reviewer == "Ada"
    none = decided(record(), "rejected", "Bob", only=["caption", "alt", "tags"])  # all there are
    assert (none.state, none.verdicts) == ("rejected", ())


def test_accepting_all_leaves_rejected_what_was_rejected_by_itself() -> None:
    one = accepted(decided(full(), "rejected", "Bob", only=["alt"]))
    assert states(one) == dict.fromkeys(LABELS, "accepted") | {"alt": "rejected"}
    assert states(decided(one, "rejected", "Bob")) == dict.fromkeys(LABELS, "rejected")


def test_an_edit_beside_accepted_texts_takes_nothing_from_them() -> None:
    one = edited(accepted(full()), {"alt": SECRET})
    assert one.state == "edited" and states(one)["alt"] == "edited"
    assert states(one)["caption"] == states(one)["tags"] == "accepted"
    assert states(edited(decided(full(), "rejected", "Bob"), {"alt": "x"}))["caption"] == "machine"


def test_running_again_leaves_what_was_decided() -> None:
    one = accepted(record(), "caption")
    project = Project([one])
    assert not project.suggest(record()) and next(iter(project)) is one
    read = inscribed(accepted(full(), "printed"), "other words")
    assert read.printed == "FIG. 1" and read.machine.printed == "other words"


@pytest.mark.parametrize(
    ("only", "sentence"),
    [(["title"], "printed title is empty"), (["nonsense"], "no text 'nonsense'")],
)
def test_what_cannot_be_decided_gets_a_sentence(only: Sequence[str], sentence: str) -> None:
    with pytest.raises(PromptError, match=sentence):
        decided(record(), "accepted", "Ada", only=only)
    with pytest.raises(PromptError, match="Nobody is named"):
        decided(record(), "accepted", "", only=["caption"])


def test_an_old_record_is_read_and_a_strange_verdict_is_not() -> None:
    page = accepted(full()).as_json()
    del page["verdicts"]
    assert from_json(page) == accepted(full())
    one = json.loads(json.dumps(accepted(full(), "alt").as_json()))
    assert from_json(one) == accepted(full(), "alt")
    for wrong in ({"text": "x"}, {"state": "edited"}, {"reviewer": 7}, {"more": 1}):
        with pytest.raises(ReviewError):
            from_json(one | {"verdicts": [one["verdicts"][0] | wrong]})


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("hidden", LABELS)
def test_a_text_that_is_not_accepted_leaves_in_no_format(name: str, hidden: str) -> None:
    marked = {"tags": SECRET} if hidden == "tags" else {hidden: SECRET}
    for one in (
        accepted(full(**marked), *(set(LABELS) - {hidden})),
        accepted(decided(full(**marked), "rejected", "Bob", only=[hidden])),
    ):
        (found,) = meant([one], False)
        texts = released(found)
        assert not texts[hidden] and all(texts[other] for other in LABELS if other != hidden)
        out = io.BytesIO()
        FORMATS[name].write([found], lambda _: b"\xff\xd8\xff\xd9", CANVAS, out)
        assert read_back(out.getvalue(), f"x{FORMATS[name].suffix}") == [one]
        row = row_of(found)
        assert SECRET not in [row["caption"], row["alt_text"], row["printed_title"]]
        assert SECRET not in [row["printed_words"], row["tags"]]
        assert LABELS[hidden] in mark_of(found).partition("; by a person")[0]


def test_what_stands_in_an_export_is_what_was_accepted() -> None:
    one = accepted(decided(full(caption=SECRET), "rejected", "Bob", only=["caption"]))
    out = io.BytesIO()
    FORMATS["texts"].write([one], lambda _: b"", "", out)
    with zipfile.ZipFile(out) as archive:
        assert SECRET not in archive.read("plate.txt").decode()
    out = io.BytesIO()
    FORMATS["annotations"].write([one], lambda _: b"", CANVAS, out)
    (item,) = json.loads(out.getvalue())["items"]
    assert SECRET not in [body["value"] for body in item["body"]]
    assert item["creator"]["name"] == "Ada"


def test_nothing_accepted_leaves_only_when_all_are_asked_for_and_marked() -> None:
    one = decided(full(), "rejected", "Bob", only=["alt"])
    with pytest.raises(ReviewError, match="Nothing is accepted"):
        meant([one], False)
    assert released(one)["caption"] == one.caption
    said = "machine text, rejected: alternative text; not accepted: caption"
    assert mark_of(one).startswith(said)


def test_a_blank_cell_that_somebody_fills_is_an_edit() -> None:
    one = accepted(full(), "caption")
    out = io.BytesIO()
    FORMATS["jsonl"].write([one], lambda _: b"", "", out)
    row = json.loads(out.getvalue())
    assert row["alt_text"] == "" and row["tags"] == []
    line = json.dumps(row | {"alt_text": "A tower."}) + "\n"
    (found,) = read_back(line.encode(), "x.jsonl")
    assert (found.alt, states(found)["alt"]) == ("A tower.", "edited")
    assert states(found)["caption"] == "accepted" and found.tags == one.tags


def test_the_newer_decision_stands_where_two_projects_meet() -> None:
    old = accepted(full(), "caption")
    new = decided(old, "rejected", "Bob", "2026-05-01T00:00:00Z", ["alt"])
    project = Project([new])
    merged(project, [replace(old)])
    assert states(next(iter(project)))["alt"] == "rejected"
