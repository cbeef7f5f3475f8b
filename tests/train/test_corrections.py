"""Captions that were accepted on the desk teach, and captions held out tell what that changed."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engrave.checkpoint import from_pretrained
from engrave.errors import DataError
from engrave.review.captioning import caption_all, key_of
from engrave.review.exports.archives import folder_pictures, write_imagefolder
from engrave.review.project import Project
from engrave.review.record import Record, decided, edited
from engrave.review.vocabulary import apply_terms
from tests.drawings import write_folder
from tests.fakes import fake_engine
from train import corrections
from train.accepted import is_review_export
from train.data import load
from train.fit import fit

TERMS = (("stands at", "is light of"), ("the paper", "a hill"))  # words that the model has


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """Forty drawings with what is true of them, in the curator's words."""
    folder = write_folder(tmp_path_factory.mktemp("scans"), {"train": 40}, seed=3) / "train"
    rows = map(json.loads, (folder / "metadata.jsonl").read_text().splitlines())
    return {folder / row["file_name"]: apply_terms(row["caption"], TERMS)[0] for row in rows}


def exported(drawings: dict[Path, str], out: Path, accept: int = 40) -> Path:
    """Caption drawings on the desk, correct and accept the first of them, reject the others."""
    project = Project()
    keys = {key_of(path.read_bytes()): path for path in drawings}
    for at, step in enumerate(caption_all(fake_engine(), project, list(drawings))):
        assert step.record is not None
        own = edited(step.record, {"caption": drawings[keys[step.record.key]]})
        if at < accept:
            project.put(decided(own, "accepted", "Ada"))
        else:
            project.put(decided(replace(own, caption="a wrong one"), "rejected", "Ada"))
    return unpacked(list(project), keys, out)


def unpacked(records: list[Record], pictures: dict[str, Path], out: Path) -> Path:
    """Write an export and unpack it."""
    data = io.BytesIO()
    write_imagefolder(records, folder_pictures(pictures), data)
    with zipfile.ZipFile(data) as archive:
        archive.extractall(out)
    return out


@pytest.fixture(scope="module")
def export(drawings: dict[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of all drawings, of which 36 were accepted."""
    return exported(drawings, tmp_path_factory.mktemp("desk") / "export", accept=36)


def test_corrected_captions_change_the_words_and_the_figures_tell(
    export: Path,
    smoke_run: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(corrections, "LR", 2e-3)  # a model that knows little takes larger steps
    out, start = tmp_path / "run", smoke_run / "model"
    fit(preset="smoke-finetune", data=export, out=out, start=start, epochs=10)
    record = json.loads((out / "run.json").read_text())
    found = record["corrections"]
    assert record["done"] == ["captions"] and found["accepted"] == 36
    assert found["learnt_from"] + found["held_out"] == 36 and found["held_out"] >= 2
    before, after, error = (found[key] for key in ("before", "after", "change_error"))
    assert before["caption_loss"] - after["caption_loss"] > 5 * error["caption_loss"] > 0
    assert after["caption_accuracy"] > before["caption_accuracy"] + 0.2
    assert f"{found['held_out']} accepted captions were held out" in capsys.readouterr().out
    rows = json.loads((out / "corrections.json").read_text())
    assert len(rows) == found["held_out"]
    assert all("light of" in row["after"]["caption"] for row in rows)
    assert not any("light of" in row["before"]["caption"] for row in rows)
    weights, own = (from_pretrained(one / "model").state_dict() for one in (smoke_run, out))
    moved = {name.split(".")[0] for name in own if not torch.equal(own[name], weights[name])}
    assert moved == {"captioner"}, "pictures and search stay as they were"


def test_only_accepted_captions_teach_and_each_picture_keeps_its_side(
    export: Path, drawings: dict[Path, str], tmp_path: Path
) -> None:
    splits = {name: load(export, name, 64) for name in ("train", "validation")}
    sides = {name: {row["id"] for row in held.rows} for name, held in splits.items()}
    assert not sides["train"] & sides["validation"]
    assert len(sides["train"] | sides["validation"]) == 36
    assert "a wrong one" not in {text for held in splits.values() for text in held.captions}
    renamed = {}
    for at, path in enumerate(reversed(list(drawings))):  # other names, another order
        own = tmp_path / f"{at}-again.png"
        own.write_bytes(path.read_bytes())
        renamed[own] = drawings[path]
    again = exported(renamed, tmp_path / "export")
    held_out = {row["id"] for row in load(again, "validation", 64).rows}
    assert sides["validation"] <= held_out and not held_out & sides["train"]


def test_eight_accepted_captions_are_enough_and_seven_are_refused(
    drawings: dict[Path, str], smoke_run: Path, tmp_path: Path
) -> None:
    few = exported(drawings, tmp_path / "few", accept=7)
    with pytest.raises(DataError, match="7 accepted captions and 8 are needed"):
        fit(preset="smoke-finetune", data=few, out=tmp_path / "no", start=smoke_run / "model")
    enough = exported(drawings, tmp_path / "enough", accept=8)
    out = tmp_path / "run"
    fit(preset="smoke-finetune", data=enough, out=out, start=smoke_run / "model", epochs=2)
    found = json.loads((out / "run.json").read_text())["corrections"]
    assert found["learnt_from"] + found["held_out"] == 8 and 2 <= found["held_out"] <= 4
    with pytest.raises(DataError, match="began with other accepted captions"):
        fit(preset="smoke-finetune", data=exported(drawings, tmp_path / "more"), out=out,
            stage="captions", start=smoke_run / "model", epochs=1)  # fmt: skip


def test_what_is_no_export_is_taken_for_none(drawn_folder: Path, export: Path) -> None:
    assert is_review_export(export) and not is_review_export(drawn_folder / "train")
    assert not is_review_export(export / "nowhere")
    with pytest.raises(DataError, match="has no test split"):
        load(export, "test", 64)
    packed = export.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("metadata.jsonl", "{}")
    with pytest.raises(DataError, match="is a ZIP; unpack it"):
        load(packed, "train", 64)
