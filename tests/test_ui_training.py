"""The Training tab without a browser: what it reads of a run, and reports on logs from outside."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engrave.calibration import UNSURE
from engrave.errors import DataError
from engrave.ui import record, reports, training, trust
from tests.sources.plates import crowded, memory_below
from tests.train.logs import GOOD, healthy, write


@pytest.fixture(autouse=True)
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that uploads land in."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """The record of a run, as publishing leaves it."""
    folder = tmp_path / "training"
    for name in record.PICTURES:
        (folder / name).mkdir(parents=True)
    write(folder, healthy(300))
    (folder / "evaluation.json").write_text(json.dumps(GOOD))
    (folder / "earlier.json").write_text(json.dumps({"caption_accuracy": 0.694, "note": "claimed"}))
    run = {"version": "small-1", "train_pictures": 7007, "parameters": 50_000_000}
    (folder / "run.json").write_text(json.dumps(run))
    for step in (1200, 90):
        Image.new("L", (60, 20), 200).save(folder / "samples" / f"priors-{step:06d}.webp")
    Image.new("L", (20, 20), 200).save(folder / "pairs" / "00.webp")
    row = {"file_name": "00.webp", "caption": "a ship", "prompt": "a ship at sea"}
    (folder / "pairs" / "metadata.jsonl").write_text(json.dumps(row) + "\nno line\n")
    return folder


def last(steps: Any) -> Any:
    """Return the last of what a handler shows, which must have shown before that it works."""
    *before, shown = list(steps)
    assert before and all(view["pending"] for view in before)
    return shown


def test_curves_hold_training_and_held_out_in_one_chart(trained: Path, tmp_path: Path) -> None:
    view = training.training_files(trained, tmp_path)
    assert view["curves"].startswith("gradio_api/file=")
    (stage,) = json.loads((tmp_path / "curves.json").read_text())
    charts = {chart["title"]: chart["curves"] for chart in stage["charts"]}
    assert [curve["label"] for curve in charts["loss caption"]] == ["training", "held-out"]
    assert charts["loss caption"][1]["x"] == [99, 199, 299]
    assert [curve["label"] for curve in charts["t2i r10"]] == ["held-out"]
    assert "seconds" not in charts


def test_long_curves_are_thinned_and_broken_figures_left_out(tmp_path: Path) -> None:
    rows = [{"step": step, "loss": float("nan") if step == 5 else 1.0} for step in range(3000)]
    (stage,) = record.curves(write(tmp_path, rows))
    (curve,) = stage["charts"][0]["curves"]
    assert 100 < len(curve["x"]) <= record.MOST_POINTS
    assert all(y == 1.0 for y in curve["y"])


def test_a_resumed_run_is_drawn_by_its_last_account(tmp_path: Path) -> None:
    steps = [1, 11, 21, 31, 9, 19, 29, 39]  # a thinned log: the second account has other steps
    rows = [{"stage": "meaning", "step": step, "loss": k} for k, step in enumerate(steps)]
    (stage,) = record.curves(write(tmp_path, rows))
    (curve,) = stage["charts"][0]["curves"]
    assert (curve["x"], curve["y"]) == ([1, 9, 19, 29, 39], [0, 4, 5, 6, 7])


def test_figures_stand_beside_baselines_and_the_earlier_run(trained: Path) -> None:
    view = record.figures(trained)
    assert view["head"][-1] == "the earlier run" and "600 pictures" in view["head"][1]
    rows = {row[0]: row[1:] for row in view["rows"]}
    captions = rows["Captions: right words, given those before"]
    assert captions[0] == "0.47 ± 0.01" and captions[-1] == "0.694"
    assert "nearest training caption 0.25" in rows["Captions: CIDEr"][1]
    assert {len(row) for row in view["rows"]} == {len(view["head"])}


def test_the_shipped_captions_tell_how_far_they_can_be_believed() -> None:
    held = json.loads((record.FOLDER / trust.FILE).read_text(encoding="utf-8"))
    view = trust.reliability(record.FOLDER)
    assert view["note"] == "" and len(view["rows"]) == len(held["bins"])
    curve = view["chart"]["curves"][1]
    assert curve["y"] == [round(one["right"], 4) for one in held["bins"]]
    assert view["chart"]["limit"] == held["threshold"] == UNSURE
    told = " ".join(view["told"])
    assert "less than 67 %, the page says “I am not sure”" in told
    assert f"{held['unsure'] * 100:.0f} % of {held['pictures']} captions" in told


def test_a_curve_of_another_model_says_so_and_a_damaged_one_is_none(trained: Path) -> None:
    assert trust.reliability(trained) == {}
    shipped = json.loads((record.FOLDER / trust.FILE).read_text(encoding="utf-8"))
    path = trained / trust.FILE
    path.write_text(json.dumps(shipped | {"model_version": "small-0"}))
    assert "measured with the model small-0" in trust.reliability(trained)["note"]
    for page in (shipped | {"bins": []}, shipped | {"weights": [1]}, {}, []):
        path.write_text(json.dumps(page))
        assert trust.reliability(trained) == {}


def test_samples_come_in_the_order_of_steps_and_pairs_with_captions(trained: Path) -> None:
    assert [one["words"] for one in record.samples(trained)] == [
        "priors, step 90", "priors, step 1,200",
    ]  # fmt: skip
    (pair,) = record.pairs(trained)
    assert (pair["words"], pair["note"]) == ("a ship", "asked for: a ship at sea")


def test_an_empty_folder_is_said_and_breaks_nothing(tmp_path: Path) -> None:
    assert training.training_files(tmp_path, tmp_path) == {}
    assert record.figures(tmp_path) == {"rows": []}
    assert record.samples(tmp_path) == record.pairs(tmp_path) == []
    assert record.about(tmp_path) == {"facts": []}


def test_the_shipped_run_is_judged_once(trained: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    shown = last(training.shipped_report(trained, scratch))
    assert shown["name"] == "the shipped run" and shown["grade"] >= 4
    assert {name: (scratch / "report" / f"report.{name}").is_file() for name in shown["files"]} == {
        "html": True, "md": True, "json": True,
    }  # fmt: skip
    (again,) = training.shipped_report(trained, scratch)
    assert again == shown


def test_a_log_of_ones_own_gets_its_report(uploads: Path) -> None:
    log = write(uploads, [{k: v for k, v in r.items() if "loss" not in k} for r in healthy(200)])
    shown = last(training.own_report(str(log)))
    assert shown["name"] == "log.jsonl"
    assert any(one["grade"] == "fail" for one in shown["verdicts"])
    (made,) = uploads.glob("visitors/*/*/report")
    assert sorted(path.name for path in made.iterdir() ) == [
        "curators.md", "report.html", "report.json", "report.md",
    ]  # fmt: skip
    assert "uploaded run" in (made / "report.md").read_text().splitlines()[0]


def test_a_csv_and_a_zip_of_a_folder_are_read(uploads: Path) -> None:
    table = uploads / "history.csv"
    lines = [f"{step},{1 / (1 + step)}" for step in range(60)]
    table.write_text("\n".join(["_step,train/loss", *lines]) + "\n")
    packed = uploads / "run.zip"
    with zipfile.ZipFile(packed, "w") as file:
        file.write(write(uploads, healthy(200)), "my run/log.jsonl")
        file.writestr("my run/evaluation.json", json.dumps(GOOD))
        file.write(table, "my run/other.csv")
    assert "still falls" in str(last(training.own_report(str(table)))).lower()
    shown = last(training.own_report(str(packed)))
    assert shown["name"] == "run.zip" and shown["grade"] == 5, "its evaluation counts too"
    assert not list(uploads.glob("visitors/*/*/report/unpacked"))


def pack(path: Path, files: dict[str, bytes]) -> Path:
    """Write a ZIP."""
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return path


def test_bad_files_get_a_sentence(uploads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hello = uploads / "hello.txt"
    hello.write_text("hello")
    empty = uploads / "empty.jsonl"
    empty.write_text("")
    broken = pack(uploads / "broken.zip", {"log.jsonl": b"{}" * 500})
    broken.write_bytes(broken.read_bytes()[:40] + b"?" + broken.read_bytes()[41:])
    bare = pack(uploads / "bare.zip", {"model.bin": b"weights"})
    for path, said in (
        (hello, "hello.txt is no log we can read; give"),
        (empty, "empty.jsonl .* give"),
        (broken, "broken.zip cannot be unpacked; pack"),
        (bare, "bare.zip holds no log; pack"),
    ):
        with pytest.raises(DataError, match=said):
            list(training.own_report(str(path)))
    monkeypatch.setattr(reports, "MAX_UNPACKED_BYTES", 5)
    with pytest.raises(DataError, match=r"bare\.zip holds 1 files of"):
        list(training.own_report(str(bare)))


@pytest.mark.parametrize("kind", ["csv", "jsonl", "two.jsonl", "broken.jsonl"])
def test_a_log_of_columns_without_end_holds_up_nobody(uploads: Path, kind: str) -> None:
    names = [f"c{number}" for number in range(20_000)]
    rows = [dict.fromkeys(names, 1) | {"step": step} for step in range(20)]
    if kind == "two.jsonl":  # no line has many
        rows = [{"step": step, **dict.fromkeys(names[step * 500 :][:500], 1)} for step in range(20)]
    lines = list(map(json.dumps, rows))
    if kind == "csv":
        lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    path = uploads / f"wide.{kind}"
    path.write_text("\n".join(lines) + "\n" + ("{" if kind == "broken.jsonl" else ""))
    begun = time.monotonic()
    with pytest.raises(DataError, match="more than 1,000 columns"):
        list(training.own_report(str(path)))
    assert time.monotonic() - begun < 20


def test_a_zip_cannot_write_elsewhere(uploads: Path) -> None:
    line = b'{"step": 1, "loss": 2.0}\n{"step": 2, "loss": 1.0}\n'
    path = pack(uploads / "sly.zip", {"../../../sly.jsonl": line})
    found = reports.unpacked(path, uploads / "a" / "b" / "c")
    assert found == uploads / "a" / "b" / "c" / "sly.jsonl"


@pytest.mark.parametrize("path", ["/etc/hostname", "", 7])
def test_only_what_was_uploaded_here_is_read(path: object) -> None:
    with pytest.raises(DataError, match="drop"):
        reports.checked_log(path)


def test_a_log_that_takes_too_long_is_given_up(
    uploads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "LIMIT_S", -1)
    with pytest.raises(DataError, match="took longer than"):
        list(training.own_report(str(write(uploads, healthy(100)))))


def test_the_page_loads_nothing_heavy_for_the_tab() -> None:
    heavy = ("train", "polars", "plotly", "tensorboard", "wandb", "trackio")
    code = f"import sys, engrave.ui.page; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_time_of_all_passes_is_told(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"minutes": 187.4}), encoding="utf-8")
    assert record.about(tmp_path)["facts"] == ["for 187 minutes"]


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_log_packed_without_a_bound_is_not_unpacked(uploads: Path, packing: int) -> None:
    path = uploads / f"swells-{packing}.zip"
    with zipfile.ZipFile(path, "w", packing) as packed:
        packed.writestr("log.jsonl", bytes(20_000_000))
    with memory_below(5_000_000), pytest.raises(DataError, match="unusual way"):
        reports.unpacked(path, uploads / f"of-{packing}")


def test_a_list_of_files_without_end_is_not_read(uploads: Path) -> None:
    path = uploads / "crowd.zip"
    path.write_bytes(crowded(300_000))
    with memory_below(60_000_000), pytest.raises(DataError, match="200,000 files"):
        reports.unpacked(path, uploads / "of-crowd")
