"""The caption desk as a program sees it; it does what the command line does."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from engrave.cli import main
from engrave.engine import Engine
from engrave.review.exports.formats import FORMATS, read_back
from engrave.review.project import read_project
from engrave.ui.api_review import MOST, MOST_RECORDS, MOST_TOLD, MOST_TOLD_BYTES
from tests.fakes import fake_engine, noise
from tests.test_ui_visitors import data_of, told, visit

CANVAS = "https://iiif.example.org/{stem}/canvas/1"


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Three pictures to send."""
    return [noise(tmp_path / f"{at}.png", seed=at) for at in range(3)]


def sent(paths: list[Path]) -> list[Any]:
    """Return files as a client sends them."""
    return [handle_file(path) for path in paths]


def test_a_batch_has_its_evidence_and_goes_on(
    client: Client, pictures: list[Path], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    project, facts = client.predict(files=sent([*pictures[:2], bad]), api_name="/caption_batch")
    assert facts["new"] == 2 and list(facts["unread"]) == ["bad.png"]
    for record in facts["records"]:
        assert len(record["evidence"]) == 5 and record["mark"] == "machine text, not reviewed"
        assert {word["mark"] for word in record["words"]} <= {"plain", "supported", "unsupported"}
        assert all(0 <= word["probability"] <= 1 for word in record["words"])
    more, facts = client.predict(
        files=sent(pictures), project=handle_file(project), api_name="/caption_batch"
    )
    assert facts["new"] == 1 and len(facts["records"]) == 3
    first, second = (list(read_project(Path(one).read_bytes())) for one in (project, more))
    assert second[:2] == first and len(second) == 3


def test_the_command_line_writes_the_same(
    client: Client, pictures: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "load", lambda *_: fake_engine())
    monkeypatch.setattr(type(fake_engine()), "wake", lambda _: None, raising=False)
    project, _ = client.predict(files=sent(pictures), api_name="/caption_batch")
    work = tmp_path / "work.jsonl"
    assert main(["caption", *map(str, pictures), "--project", str(work)]) == 0
    pages = [
        [one.as_json() for one in read_project(Path(path).read_bytes())] for path in (project, work)
    ]
    for page in (one for both in pages for one in both):
        page["machine"].pop("written")
    assert pages[0] == pages[1]
    shutil.copy(project, work)
    for name in FORMATS:
        out = tmp_path / f"out{FORMATS[name].suffix}"
        own = ["--export", name, "--all", "--out", str(out), "--canvas", CANVAS]
        assert main(["review", str(work), *own, "--pictures", str(tmp_path)]) == 0
        file, facts = client.predict(
            project=handle_file(project), format=name, files=sent(pictures), everything=True,
            canvas=CANVAS, api_name="/export_captions",
        )  # fmt: skip
        assert Path(file).name == f"captions{FORMATS[name].suffix}" and facts["count"] == 3
        found = read_back(Path(file).read_bytes(), file)
        assert found == read_back(out.read_bytes(), out.name) and len(found) == 3


def test_an_edited_export_comes_back_as_a_project(
    client: Client, pictures: list[Path], tmp_path: Path
) -> None:
    project, _ = client.predict(files=sent(pictures[:2]), api_name="/caption_batch")
    with pytest.raises(AppError, match="Nothing is accepted yet"):
        client.predict(project=handle_file(project), api_name="/export_captions")
    table, _ = client.predict(
        project=handle_file(project), format="jsonl", everything=True, api_name="/export_captions"
    )
    rows = [json.loads(line) for line in Path(table).read_text().splitlines()]
    rows[1] |= {"caption": "an owl", "state": "accepted", "reviewer": "Ada"}
    edited = tmp_path / "edited.jsonl"
    edited.write_text("\n".join(map(json.dumps, rows)))
    file, facts = client.predict(
        project=handle_file(edited), format="csv", api_name="/export_captions"
    )
    (record,) = read_back(Path(file).read_bytes(), file)
    assert (record.caption, record.reviewer) == ("an owl", "Ada") and facts["count"] == 1
    assert facts["states"]["accepted"] == 1 and facts["states"]["machine"] == 1
    again, told = client.predict(
        files=sent(pictures[:2]), project=handle_file(edited), again=True, api_name="/caption_batch"
    )
    kept = list(read_project(Path(again).read_bytes()))[1]
    dated = {"reviewed": record.reviewed, "changed": record.changed}
    # a decision that was typed into a table is dated when it is read
    assert told["new"] == 1 and replace(kept, **dated) == record


def test_captions_are_accepted_and_written_by_programs(
    client: Client, pictures: list[Path]
) -> None:
    project, _ = client.predict(files=sent(pictures), api_name="/caption_batch")
    name = pictures[0].name
    one, facts = client.predict(
        project=handle_file(project), names=[name], decision="accepted", reviewer="Ada",
        texts={"caption": "an owl", "tags": ["birds", "night"]}, api_name="/review_captions",
    )  # fmt: skip
    (record,) = facts["records"]
    assert (record["caption"], record["tags"]) == ("an owl", ["birds", "night"])
    assert (record["state"], record["reviewer"], record["distance"] > 0) == (
        "accepted",
        "Ada",
        True,
    )
    assert facts["states"] == {"machine": 2, "edited": 0, "accepted": 1, "rejected": 0, "unread": 0}
    rest, facts = client.predict(
        project=handle_file(one), names=["all"], decision="rejected", reviewer="Ben",
        api_name="/review_captions",
    )  # fmt: skip
    assert len(facts["records"]) == 2 and facts["states"]["rejected"] == 2
    kept = {record.file: record for record in read_project(Path(rest).read_bytes())}
    assert kept[name].caption == "an owl" and kept[name].state == "accepted"
    _, looked = client.predict(project=handle_file(rest), api_name="/review_captions")
    assert looked["states"] == facts["states"] and len(looked["records"]) == 3


def test_the_house_style_is_applied_and_kept(client: Client, pictures: list[Path]) -> None:
    style = {"min_words": 3, "terms": [["fine", "delicate"]]}
    project, facts = client.predict(
        files=sent(pictures[:1]), style=style, api_name="/caption_batch"
    )
    assert "delicate" in facts["records"][0]["caption"]
    assert read_project(Path(project).read_bytes()).style.terms == (("fine", "delicate"),)


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("/caption_batch", {}, "There is no picture"),
        ("/caption_batch", {"style": {"lenght": 3}}, "no house style"),
        ("/review_captions", {}, "There is no project"),
        ("/review_captions", {"names": ["no.png"]}, "'no.png' is no picture of the project"),
        ("/review_captions", {"names": {"a": 1}}, "no list of texts"),
        ("/review_captions", {"names": [1]}, "no list of texts"),
        ("/review_captions", {"decision": "accepted", "reviewer": "Ada"}, "Nothing is named"),
        ("/review_captions", {"names": ["all"], "decision": "accepted"}, "Nobody is named"),
        ("/review_captions", {"names": ["all"], "decision": "burnt"}, "accepted or rejected"),
        ("/review_captions", {"names": ["all"], "texts": {"caption": "a"}}, "for one picture"),
        ("/review_captions", {"names": ["0"], "texts": {"colour": "a"}}, "no texts of a picture"),
        ("/review_captions", {"names": ["0"], "texts": ["a"]}, "no texts of a picture"),
        ("/export_captions", {}, "There is no project"),
        ("/export_captions", {"format": "docx"}, "no such format"),
        ("/export_captions", {"format": "xmp", "everything": True}, "is not here"),
        ("/export_captions", {"format": "annotations", "everything": True}, "IIIF canvases"),
    ],
)
def test_bad_requests_get_a_sentence(
    client: Client, pictures: list[Path], name: str, arguments: dict[str, Any], sentence: str
) -> None:
    if name in ("/export_captions", "/review_captions") and arguments:
        project, _ = client.predict(files=sent(pictures[:1]), api_name="/caption_batch")
        arguments = arguments | {"project": handle_file(project)}
    if "style" in arguments:
        arguments = arguments | {"files": sent(pictures[:1])}
    with pytest.raises(AppError, match=sentence):
        client.predict(**arguments, api_name=name)


def test_too_many_at_once_are_told_how_to_go_on(url: str, pictures: list[Path]) -> None:
    with visit(url) as ada:
        (one,) = upload(ada, pictures[0])
        answer = told(ada, "caption_batch", [[data_of(one)] * (MOST + 1), None, False, False, None])
    assert "event: error" in answer and f"a call takes {MOST}" in answer


def large(project: str, count: int, more: str = "") -> bytes:
    """Return a project of many records, all like the one that a project has."""
    head, line = Path(project).read_text().splitlines()
    page = json.loads(line)
    keys = (f"{at:064x}"[-len(page["key"]) :] for at in range(count))
    pages = (
        page | {"key": key, "file": f"{at}.png", "caption": page["caption"] + more}
        for at, key in enumerate(keys)
    )
    return "\n".join([head, *map(json.dumps, pages)]).encode()


@pytest.mark.parametrize(("count", "more"), [(1_000, ""), (20, "x" * 500_000)])
def test_an_answer_is_short_however_large_a_project_is(
    client: Client, pictures: list[Path], tmp_path: Path, count: int, more: str
) -> None:
    project, _ = client.predict(files=sent(pictures[:1]), api_name="/caption_batch")
    whole = tmp_path / "large.jsonl"
    whole.write_bytes(large(project, count, more))
    done, facts = client.predict(
        project=handle_file(whole), names=["all"], decision="accepted", reviewer="Ada",
        api_name="/review_captions",
    )  # fmt: skip
    told = facts["records"]
    assert len(told) <= MOST_TOLD and len(told) + facts["left_out"] == count
    assert len(json.dumps(facts)) < 1.1 * MOST_TOLD_BYTES
    kept = list(read_project(Path(done).read_bytes()))
    assert len(kept) == count and {one.state for one in kept} == {"accepted"}


def test_a_project_of_more_records_than_are_read_for_others_is_refused(
    client: Client, pictures: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, _ = client.predict(files=sent(pictures[:1]), api_name="/caption_batch")
    monkeypatch.setenv("ENGRAVE_SHARED", "0")
    whole = tmp_path / "large.jsonl"
    whole.write_bytes(b"\n".join([Path(project).read_bytes()] * (MOST_RECORDS + 1)))
    with pytest.raises(AppError, match="split it"):
        client.predict(project=handle_file(whole), api_name="/review_captions")


def upload(visitor: httpx.Client, *paths: Path) -> list[str]:
    """Send files; return the paths that they got."""
    files = [("files", (path.name, path.read_bytes())) for path in paths]
    return list(visitor.post("/gradio_api/upload", files=files).json())


def test_a_stranger_reads_no_project_of_another(url: str, pictures: list[Path]) -> None:
    with visit(url) as ada, visit(url) as eve, httpx.Client(base_url=url, timeout=30) as program:
        (picture,) = upload(ada, pictures[0])
        answer = told(ada, "caption_batch", [[data_of(picture)], None, False, False, None])
        made = json.loads(answer.rpartition("data: ")[2])[0]["path"]
        caption = json.loads(Path(made).read_text().splitlines()[1])["caption"]
        export = [data_of(made), "csv", None, True, ""]
        own = told(ada, "export_captions", export)
        assert "event: complete" in own and '"count": 1' in own
        for stranger in (eve, program):
            for way in (data_of(made), {"path": made}, data_of(made) | {"url": f"file={made}"}):
                for name, data in (
                    ("export_captions", [way, *export[1:]]),
                    ("caption_batch", [[data_of(upload(stranger, pictures[1])[0])], way, False,
                                       False, None]),
                    ("caption_batch", [[way], None, False, False, None]),
                ):  # fmt: skip
                    found = told(stranger, name, data)
                    assert "event: complete" not in found and caption not in found
            assert stranger.get(f"/gradio_api/file={made}").status_code == 403
