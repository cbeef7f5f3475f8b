"""Records, their review, the house style, and projects that go on where they were."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from engrave.errors import PromptError, ReviewError
from engrave.review.captioning import caption_all, rewritten, tags_of
from engrave.review.evidence import marked
from engrave.review.parsing import from_json
from engrave.review.project import Project, append, merged, read_project, taken_in
from engrave.review.record import (
    MAX_ALT,
    TEXTS,
    Evidence,
    Machine,
    Record,
    alt_of,
    decided,
    edited,
    reopened,
)  # fmt: skip
from engrave.review.style import Style, style_from_json
from engrave.review.vocabulary import apply_terms, read_terms
from tests.fakes import fake_engine, noise

ENGINE = fake_engine()
CAPTION = "a boat on a river with an owl in a tree"


def record(key: str = "0" * 64, **changes: object) -> Record:
    """Return what the machine offers for one picture."""
    machine = Machine(
        caption=CAPTION, probability=0.5, match=0.4, model_version="m-1",
        written="2026-01-02T03:04:05Z", suggestion=CAPTION, tags=("sea",),
    )  # fmt: skip
    made = Record(
        key=key, file="plate.png", machine=machine, caption=CAPTION, alt=alt_of(CAPTION),
        tags=("sea",), match=0.4,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_text_goes_from_machine_to_edited_to_accepted() -> None:
    own = edited(record(), {"caption": "a boat on a river with an owl in some trees"})
    assert (own.state, own.distance) == ("edited", 5)
    done = decided(own, "accepted", " Ada ", "2026-02-01T00:00:00Z")
    assert (done.state, done.reviewer, done.reviewed) == ("accepted", "Ada", "2026-02-01T00:00:00Z")
    assert done.machine == record().machine
    again = edited(done, {"alt": "An owl."})
    assert (again.state, again.reviewer, again.reviewed) == ("edited", "", "")


def test_the_fields_are_kept_apart() -> None:
    own = edited(record(), {"title": "The Owl", "printed": "FIG. 1\nOWL", "tags": "owl; tree, owl"})
    assert (own.caption, own.alt) == (CAPTION, alt_of(CAPTION))
    assert (own.title, own.printed, own.tags) == ("The Owl", "FIG. 1\nOWL", ("owl", "tree"))
    assert own.distance == 0 and own.state == "edited"


def test_nothing_edited_is_no_edit() -> None:
    assert edited(record(), {"caption": f" {CAPTION} ", "tags": "sea"}).state == "machine"


def test_opening_again_tells_machine_text_from_edited() -> None:
    assert reopened(decided(record(), "rejected", "Ada")).state == "machine"
    own = decided(edited(record(), {"alt": "An owl."}), "accepted", "Ada")
    assert reopened(own).state == "edited"


def test_two_changes_of_one_record_at_once_both_stand() -> None:
    project = Project([record()])
    gate = Barrier(2)

    def writer(name: str) -> Callable[[Record], Record]:
        waits = [True]

        def write(one: Record) -> Record:
            if waits and waits.pop():
                gate.wait(30)  # both have read the record before either writes
            return edited(one, {name: "An owl."})

        return write

    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(project.change, "0" * 64, writer(name)) for name in TEXTS[1:3]]:
            done.result(30)
    (found,) = project
    assert (found.alt, found.title) == ("An owl.", "An owl.")


def test_a_file_that_was_cut_while_a_record_was_added_holds_all_before_it(tmp_path: Path) -> None:
    path = tmp_path / "work.jsonl"
    Project([record("a" * 64), record("b" * 64, caption="gestürzt")]).save(path)
    length = path.stat().st_size
    append(record("c" * 64, caption="ein Türmer"), path)
    data = path.read_bytes()
    assert len(read_project(data)) == 3
    for end in range(length, len(data) - 1):
        assert [one.key[0] for one in read_project(data[:end])] == ["a", "b"]
    with pytest.raises(ReviewError, match="Line 2 of the project is no JSON"):
        read_project(data[:length].replace(b'{"key"', b'{"key', 1))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [({"alt": "x" * 125}, "125 characters"), ({"caption": "x" * 301}, "301 characters"),
     ({"caption": 7}, "no text"), ({"tags": 7}, "no words")],
)  # fmt: skip
def test_a_text_that_does_not_fit_gets_a_sentence(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(PromptError, match=sentence):
        edited(record(), given)


def test_nobody_accepts_without_a_name_or_an_empty_caption() -> None:
    with pytest.raises(PromptError, match="Nobody is named"):
        decided(record(), "accepted", "  ")
    with pytest.raises(PromptError, match="caption is empty"):
        decided(record(caption=""), "accepted", "Ada")


@pytest.mark.parametrize("words", [1, 5, 25, 60])
def test_an_alternative_text_is_short_enough(words: int) -> None:
    alt = alt_of(" ".join(["castle and"] * words))
    assert len(alt) <= MAX_ALT and alt[0] == "C" and alt[-1] == "."
    assert not alt.endswith("and.") or words <= 5


def test_a_batch_goes_on_where_it_was_and_spares_what_was_reviewed(tmp_path: Path) -> None:
    paths = [noise(tmp_path / f"{number}.png", seed=number) for number in range(3)]
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    project = Project()
    first = list(caption_all(ENGINE, project, [paths[0], bad]))
    assert [step.new for step in first] == [True, False] and "bad.png" in project.unread
    rest = list(caption_all(ENGINE, project, paths))
    assert [step.new for step in rest] == [False, True, True]
    one, two, _ = project
    project.put(rewritten(ENGINE, one, {"caption": "an owl of one's own"}))
    project.put(replace(two, caption="stale"))
    again = list(caption_all(ENGINE, project, paths, again=True))
    assert [step.new for step in again] == [False, True, True]
    assert next(found.caption for found in project) == "an owl of one's own"
    assert project.needed(two.key).caption == two.caption


def test_a_review_during_the_batch_wins(tmp_path: Path) -> None:
    project = Project([record()])
    project.change("0" * 64, lambda one: decided(one, "rejected", "Ada"))
    assert not project.suggest(record())
    assert project.needed("0" * 64).state == "rejected"


def test_editing_embeds_anew(tmp_path: Path) -> None:
    (step,) = caption_all(ENGINE, Project(), [noise(tmp_path / "a.png")])
    assert step.record is not None and len(step.record.evidence) == 5
    other = rewritten(ENGINE, step.record, {"caption": "something else"})
    true = ENGINE.embed(ENGINE.encode(tmp_path / "a.png")[None])[0]
    wanted = float(ENGINE.embed_texts(["something else"])[0] @ true)
    assert other.match == pytest.approx(wanted, abs=2e-3) and other.match != step.record.match


def test_tags_need_a_majority() -> None:
    near = ENGINE.neighbours(ENGINE.collection.embeddings[0], 5)
    for count, found in ((5, True), (3, True), (2, False)):
        mixed = [
            replace(one, subject="owl" if at < count else f"s{at}", technique=f"t{at}")
            for at, one in enumerate(near)
        ]
        assert tags_of(mixed) == (("owl",) if found else ())


def test_words_are_held_against_the_neighbours() -> None:
    near = [Evidence(id="1", index=0, caption="Two boats, and owls.", similarity=0.9)]
    marks = {word.text: word.mark for word in marked("a boat with an owl, dragons", near)}
    assert marks == {
        "a": "plain", "boat": "supported", "with": "plain", "an": "plain", "owl,": "supported",
        "dragons": "unsupported",
    }  # fmt: skip


def test_the_style_guard_finds_length_puffery_and_what_is_unseen() -> None:
    found = Style().findings("a Stunning owl that probably thinks")
    assert [one.kind for one in found] == ["length", "puffery", "unseen"]
    assert found[1].words == "Stunning"
    assert Style(banned=(), unseen=(), min_words=1).findings("a stunning owl") == ()
    assert Style().findings(CAPTION) == ()
    assert Style(min_words=1).findings("the famously mightiest owl of all") == ()  # whole words


def test_a_style_is_read_back_and_nonsense_is_refused() -> None:
    style = Style(min_words=3, banned=("nice",), terms=(("boat", "vessel"),))
    assert style_from_json(json.loads(json.dumps(style.as_json()))) == style
    for page in ({"min_words": 9, "max_words": 3}, {"lenght": 3}, [], {"banned": 3}):
        with pytest.raises(ReviewError):
            style_from_json(page)


@pytest.mark.parametrize(
    "table", ["term,preferred\nboat,vessel\n", "boat;vessel\n", "\ufeffboat\tvessel\r\n"]
)
def test_a_vocabulary_is_read_from_any_csv(table: str) -> None:
    assert read_terms(table.encode()) == (("boat", "vessel"),)


def test_preferred_terms_show_what_they_changed() -> None:
    text, changes = apply_terms("A boat, an owl; boats", (("boat", "airship"), ("owl", "bird")))
    assert text == "An airship, a bird; boats"
    assert changes == (("A boat", "An airship"), ("an owl", "a bird"))
    assert apply_terms("row boat", (("boat", "b"), ("row boat", "skiff")))[0] == "skiff"


@pytest.mark.parametrize("table", [b"", b"boat\n", b"boat,\n", b"\xff\xfe\x00"])
def test_a_vocabulary_that_is_none_gets_a_sentence(table: bytes) -> None:
    with pytest.raises(ReviewError, match="vocabulary"):
        read_terms(table)


def test_a_project_is_loaded_as_it_was_saved(tmp_path: Path) -> None:
    (step,) = caption_all(ENGINE, Project(), [noise(tmp_path / "a.png")])
    assert step.record is not None
    own = decided(replace(step.record, printed="line\u2028one\nü '=1"), "accepted", "Ada")
    project = Project([own, record()], Style(min_words=2))
    project.save(tmp_path / "work.jsonl")
    loaded = read_project((tmp_path / "work.jsonl").read_bytes())
    assert list(loaded) == list(project) and loaded.style == project.style
    assert from_json(json.loads(json.dumps(own.as_json()))) == own


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"{", "Line 1"), (b'{"format": "engrave-review", "version": 2}', "version 2"),
     (b'{"key": 1}', "Line 1"), (b"[1]", "Line 1"), (b"\xff", "UTF-8")],
)  # fmt: skip
def test_a_damaged_project_names_the_line(data: bytes, sentence: str) -> None:
    with pytest.raises(ReviewError, match=sentence):
        read_project(data)


def test_what_a_person_did_wins_where_two_projects_meet() -> None:
    mine = decided(record(), "accepted", "Ada")
    project = Project([mine])
    assert merged(project, [record(), record("1" * 64)]) == 1
    assert project.needed(mine.key) == mine
    assert merged(project, [decided(record(), "rejected", "Bob")]) == 1
    assert project.needed(mine.key).reviewer == "Bob"


MORNING, EVENING = "2026-02-01T08:00:00Z", "2026-02-01T18:00:00Z"
MACHINE = record()
WRITTEN = edited(MACHINE, {"alt": "An owl."})
ANEW = replace(MACHINE, machine=replace(MACHINE.machine, written=EVENING))
REOPENED = replace(reopened(decided(MACHINE, "accepted", "Ada", MORNING)), changed=EVENING)
EARLY = {
    "machine": MACHINE,
    "edited": replace(WRITTEN, changed=MORNING),
    "edited, no time": replace(WRITTEN, changed=""),
    "accepted": decided(MACHINE, "accepted", "Ada", MORNING),
    "rejected": decided(MACHINE, "rejected", "Ada", MORNING),
}
LATE = {
    "machine, anew": ANEW,
    "edited": replace(WRITTEN, changed=EVENING),
    "accepted": decided(MACHINE, "accepted", "Bob", EVENING),
    "rejected": decided(WRITTEN, "rejected", "Bob", EVENING),
    "opened again": REOPENED,
}


@pytest.mark.parametrize("early", EARLY)
@pytest.mark.parametrize("late", LATE)
def test_the_newer_work_of_a_person_stands_whichever_is_loaded(early: str, late: str) -> None:
    first, last = EARLY[early], LATE[late]
    stands = first if late == "machine, anew" and early != "machine" else last
    for held, given in ((first, last), (last, first)):
        project = Project([held])
        assert merged(project, [given]) == (given is stands)
        assert project.needed(first.key) == stands


def test_what_stayed_is_told() -> None:
    assert taken_in(3, 3) == "3 of 3 records were taken in."
    assert "2 stayed as they are here" in taken_in(1, 3)


def test_the_next_one_is_found_round_the_end() -> None:
    first, second, third = (record(str(number) * 64) for number in range(3))
    project = Project([first, decided(second, "accepted", "Ada"), third])
    assert project.after(first.key) == third and project.after(third.key) == first
    assert project.after(first.key, step=-1) == third
    assert Project([first]).after(first.key) is None
