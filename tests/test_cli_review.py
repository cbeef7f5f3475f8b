"""Captions into a project, decisions and exports from the command line."""

import csv
import json
from pathlib import Path

import pytest

from engrave.cli import main
from engrave.engine import Engine
from engrave.review.exports.formats import FORMATS
from engrave.review.project import Project, read_project
from engrave.review.record import Record
from engrave.review_options import EXPORTS
from tests.fakes import fake_engine, noise


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The drawing engine in place of the shipped one."""
    monkeypatch.setattr(Engine, "load", lambda *_: fake_engine())
    monkeypatch.setattr(type(fake_engine()), "wake", lambda _: None, raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two pictures."""
    files = [str(noise(tmp_path / f"{at}.png", seed=at)) for at in range(2)]
    path = tmp_path / "work.jsonl"
    assert main(["caption", *files, "--project", str(path)]) == 0
    return path


def records(path: Path) -> list[Record]:
    """Return what a project holds."""
    return list(read_project(path.read_bytes()))


def test_the_formats_are_those_of_the_exports() -> None:
    assert set(EXPORTS) == set(FORMATS)


def test_a_batch_that_was_stopped_goes_on(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    before = records(project)
    third = noise(tmp_path / "third.png", seed=3)
    bad = tmp_path / "bad.png"
    bad.write_text("no")
    files = [str(tmp_path / "0.png"), str(bad), str(third)]
    assert main(["caption", *files, "--project", str(project)]) == 1
    told = capsys.readouterr()
    assert told.out.count("\n") == 1 and "third.png" in told.out and "bad.png" in told.err
    assert records(project)[:2] == before and len(records(project)) == 3


def test_each_picture_adds_a_line_and_writes_no_other_anew(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole: list[int] = []
    save = Project.save

    def counted(self: Project, path: Path) -> None:
        whole.append(len(self))
        save(self, path)

    monkeypatch.setattr(Project, "save", counted)
    files = [str(noise(tmp_path / f"{at}.png", seed=at)) for at in range(12)]
    assert main(["caption", *files, "--project", str(project)]) == 0
    assert whole == [3] and len(records(project)) == 12
    assert len(project.read_text(encoding="utf-8").splitlines()) == 13
    written = project.read_bytes()
    assert main(["caption", *files, "--project", str(project)]) == 0  # nothing is left to do
    assert project.read_bytes() == written
    assert main(["caption", *files[:3], "--again", "--project", str(project)]) == 0
    assert [one.file for one in records(project)] == [f"{at}.png" for at in range(12)]


def test_captions_are_edited_accepted_and_exported(project: Path, tmp_path: Path) -> None:
    assert main(["review", str(project), "0.png", "--caption", "an owl", "--tags", "owl;tree"]) == 0
    assert records(project)[0].state == "edited"
    assert main(["review", str(project), "0.png", "--accept", "--reviewer", "Ada"]) == 0
    first = records(project)[0]
    assert (first.caption, first.tags, first.reviewer) == ("an owl", ("owl", "tree"), "Ada")
    out = tmp_path / "table.csv"
    assert main(["review", str(project), "--export", "csv", "--out", str(out)]) == 0
    with out.open(encoding="utf-8-sig", newline="") as stream:
        assert [row["caption"] for row in csv.DictReader(stream)] == ["an owl"]
    folder = tmp_path / "folder"
    given = ["--export", "imagefolder", "--out", str(folder), "--pictures", str(tmp_path)]
    assert main(["review", str(project), *given]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["0.png", "metadata.jsonl"]


def test_texts_are_decided_by_themselves(project: Path, tmp_path: Path) -> None:
    who = ["--reviewer", "Ada"]
    assert main(["review", str(project), "all", "--accept", "--only", "caption,title", *who]) == 0
    assert [one.state for one in records(project)] == ["edited", "edited"]  # no title is there
    assert main(["review", str(project), "0.png", "--reject", "--only", "alt", *who]) == 0
    out = tmp_path / "table.csv"
    assert main(["review", str(project), "--export", "csv", "--out", str(out)]) == 0
    with out.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(bool(row["caption"]), row["alt_text"]) for row in rows] == [(True, "")] * 2
    assert "rejected: alternative text" in rows[0]["mark"]


def test_an_export_edited_elsewhere_is_read_in(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "all.jsonl"
    assert main(["review", str(project), "--export", "jsonl", "--all", "--out", str(out)]) == 0
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    rows[1] |= {"alt_text": "A hill.", "state": "accepted", "reviewer": "Bob"}
    out.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    capsys.readouterr()
    assert main(["review", str(project), "--read", str(out)]) == 0
    assert "2 of 2 records were taken in." in capsys.readouterr().err
    assert [(one.alt, one.reviewer) for one in records(project)][1] == ("A hill.", "Bob")


def test_the_list_is_json_where_asked_for(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["review", str(project), "--json"]) == 0
    pages = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [page["mark"] for page in pages] == ["machine text, not reviewed"] * 2


@pytest.mark.parametrize(
    ("given", "code", "sentence"),
    [
        (["--accept"], 2, "Nothing is named"),
        (["0.png", "--accept"], 2, "Nobody is named"),
        (["0.png", "--only", "caption"], 2, "accept or reject them"),
        (["0.png", "--accept", "--reviewer", "A", "--only", "x"], 2, "no text 'x'"),
        (["0.png", "--accept", "--reviewer", "A", "--only", "title"], 2, "title is empty"),
        (["no.png", "--accept"], 2, "no picture of the project"),
        (["0.png", "1.png", "--caption", "x"], 2, "for one picture"),
        (["--export", "csv"], 1, "Nothing is accepted"),
        (["--export", "annotations", "--all"], 1, "address of the IIIF canvases"),
        (["--export", "xmp", "--all"], 1, "is not here"),
    ],
)
def test_what_cannot_be_done_gets_a_sentence(
    given: list[str], code: int, sentence: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = project.read_bytes()
    assert main(["review", str(project), *given]) == code
    assert sentence in capsys.readouterr().err and project.read_bytes() == before
