"""A run from end to end on drawings: log, resume to the last bit, evaluation, publication."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engrave.checkpoint import from_pretrained
from engrave.collection import Collection
from engrave.errors import ConfigError, DataError
from train import config as settings
from train.__main__ import main
from train.config import STAGES
from train.evaluate import evaluate
from train.fit import fit
from train.loop import Interrupted

ROOT = Path(__file__).resolve().parents[2]

LOGGED = {
    "loss_total", "learning_rate", "latent_mean", "latent_std", "latent_norm", "latent_min",
    "latent_max",
    "effective_rank", "images_per_second",
}  # fmt: skip


def lines(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def test_every_step_is_logged_under_the_known_names(smoke_run: Path) -> None:
    steps = [line for line in lines(smoke_run) if "loss_total" in line]
    assert {line["stage"] for line in steps} == set(STAGES)
    assert all(set(line) >= LOGGED for line in steps)
    named = {"meaning": "loss_alignment", "autoencoder": "loss_image", "captions": "loss_caption"}
    for stage, name in named.items():
        assert all(name in line for line in steps if line["stage"] == stage)
    assert all("caption_accuracy" in line for line in steps if line["stage"] == "captions")


def test_the_run_leaves_a_model_a_record_and_samples(smoke_run: Path) -> None:
    assert from_pretrained(smoke_run / "model").config.preset == "smoke"
    record = json.loads((smoke_run / "run.json").read_text())
    assert record["minutes"] >= 0.0 and isinstance(record["minutes"], float)
    assert tuple(record["done"]) == STAGES and record["train_pictures"] == 48
    assert {path.name.split("-")[0] for path in (smoke_run / "samples").iterdir()} == {
        "autoencoder",
        "priors",
    }


@pytest.mark.parametrize("stage", STAGES)
def test_an_interrupted_stage_ends_with_the_same_weights(
    stage: str, smoke_run: Path, drawn_folder: Path, tmp_path: Path
) -> None:
    weights = []
    for name, stops in (("whole", ()), ("broken", (3,))):
        out = tmp_path / name
        out.mkdir()
        (out / "model.pt").write_bytes((smoke_run / "model.pt").read_bytes())
        common = {
            "preset": "smoke",
            "data": drawn_folder,
            "out": out,
            "stage": stage,
            "epochs": 1.0,
        }
        for stop in stops:
            with pytest.raises(Interrupted):
                fit(**common, stop_after=stop)
        fit(**common, resume=bool(stops))
        weights.append(torch.load(out / "model.pt", weights_only=True)["weights"])
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    start = torch.load(smoke_run / "model.pt", weights_only=True)["weights"]
    assert any(not torch.equal(weights[0][name], start[name]) for name in start)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_the_run_goes_on_from_there(
    number: signal.Signals, drawn_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    command = [
        sys.executable, "-m", "train", "fit", "--preset", "smoke", "--data", str(drawn_folder),
        "--out", str(out), "--stage", "autoencoder", "--minutes", "60",
    ]  # fmt: skip
    at_once = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}
    run = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, **at_once)
    assert run.stderr is not None
    seen = ""
    while "step=3" not in seen:  # what the bar says
        piece = run.stderr.read(1)
        assert piece, seen
        seen += piece
    run.send_signal(number)
    run.stderr.read()
    assert run.wait(120) == 130
    state = torch.load(out / "stages" / "autoencoder" / "state.pt", weights_only=True)
    assert state["step"] == len([x for x in lines(out) if "loss_total" in x]) > 0
    with pytest.raises(Interrupted):
        fit(
            preset="smoke", data=drawn_folder, out=out, stage="autoencoder", minutes=60,
            resume=True, stop_after=state["step"] + 2,
        )  # fmt: skip
    assert [x["step"] for x in lines(out)] == list(range(1, state["step"] + 3))


def test_texts_are_read_once(drawn_folder: Path, tmp_path: Path, smoke_run: Path) -> None:
    from train.fit import _context
    from train.stages.cached import text_embeddings

    run = tmp_path / "run"
    run.mkdir()
    (run / "model.pt").write_bytes((smoke_run / "model.pt").read_bytes())
    _, context = _context("smoke", settings.named("smoke"), drawn_folder, run, torch.device("cpu"))
    context.model.eval()
    texts = ["a ship at sea", "a castle"]
    first = text_embeddings(context, texts)
    torch.testing.assert_close(first, context.model.embed_text(texts), atol=1e-5, rtol=0)
    kept = set(context.cache.glob("text-*.npy"))
    assert len(kept) == 1 and torch.equal(text_embeddings(context, texts), first)
    with torch.no_grad():
        context.model.text.project.weight.mul_(-1)
    assert (text_embeddings(context, texts) - first).abs().max() > 0.01, (
        "another tower, other words"
    )
    assert set(context.cache.glob("text-*.npy")) > kept


def test_two_processes_train_one_model(drawn_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "two"
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
        "-m", "train", "fit", "--preset", "smoke", "--data", str(drawn_folder), "--out", str(out),
        "--minutes", "0.5",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    record = json.loads((out / "run.json").read_text())
    assert record["processes"] == 2 and tuple(record["done"]) == STAGES
    for stage in STAGES:
        numbers = [x["step"] for x in lines(out) if x["stage"] == stage and "loss_total" in x]
        assert numbers == list(range(1, len(numbers) + 1)), "each step is logged by one process"
    assert from_pretrained(out / "model").config.preset == "smoke"


def test_a_second_run_in_the_folder_asks_for_resume(smoke_run: Path, drawn_folder: Path) -> None:
    with pytest.raises(ConfigError, match="add --resume"):
        fit(preset="smoke", data=drawn_folder, out=smoke_run)


def test_resuming_a_finished_run_changes_nothing(smoke_run: Path, drawn_folder: Path) -> None:
    before = (smoke_run / "model.pt").read_bytes()
    assert fit(preset="smoke", data=drawn_folder, out=smoke_run, resume=True) == {}
    assert (smoke_run / "model.pt").read_bytes() == before


def test_unknown_preset_and_stage_name_the_choices(drawn_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="choose one of smoke, small, seed"):
        settings.named("huge")
    with pytest.raises(ConfigError, match="choose all or one of meaning"):
        fit(preset="smoke", data=drawn_folder, out=tmp_path / "x", stage="dreams")


def test_the_command_line_says_what_is_wrong_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(
            [
                "fit",
                "--preset",
                "smoke",
                "--data",
                str(tmp_path / "none"),
                "--out",
                str(tmp_path / "x"),
            ]
        )
        == 1
    )
    assert capsys.readouterr().err.count("\n") == 1


def test_too_few_pictures_are_refused(tmp_path: Path) -> None:
    from tests.drawings import write_folder

    few = write_folder(tmp_path / "few", {"train": 3})
    with pytest.raises(DataError, match="3 training pictures"):
        fit(preset="smoke", data=few, out=tmp_path / "run")


def test_publish_writes_what_the_app_reads_and_refuses_worse(
    smoke_run: Path, drawn_folder: Path, tmp_path: Path
) -> None:
    from train.publish import publish

    assets = tmp_path / "assets"
    with pytest.raises(ConfigError, match="has no evaluation"):
        publish(tmp_path / "nowhere", drawn_folder, assets)
    out = smoke_run / "evaluation.json"
    evaluate(smoke_run / "model", drawn_folder, "validation", out, None, steps=1)
    publish(smoke_run, drawn_folder, assets)
    collection = Collection.load(assets / "collection")
    assert len(collection) == 60 and collection.sprite(59).size == (96, 96)
    assert from_pretrained(assets / "model").facts["version"] == collection.model_version
    _the_tab_and_the_report_show_it(assets / "training", tmp_path)
    page = json.loads((assets / "training" / "evaluation.json").read_text())
    better = page | {"cider": 99.0, "t2i_r10": 1.0, "image_mse_64": 0.0}
    (assets / "training" / "evaluation.json").write_text(json.dumps(better))
    with pytest.raises(ConfigError, match="add --force"):
        publish(smoke_run, drawn_folder, assets)


def _the_tab_and_the_report_show_it(trained: Path, scratch: Path) -> None:
    """What publishing leaves is what the Training tab and the report read."""
    from PIL import Image

    from engrave.ui import record, training
    from train.report.command import write_report

    view = training.training_files(trained, scratch)
    stages = json.loads((scratch / "curves.json").read_text())
    assert view and [one["stage"] for one in stages] == list(STAGES)
    assert len(record.figures(trained)["rows"]) > 8
    names = {path.stem.rpartition("-")[0]: path for path in (trained / "samples").iterdir()}
    assert set(names) == {"autoencoder", "priors"}
    assert len(record.samples(trained)) >= 2
    with Image.open(names["autoencoder"]) as sheet:
        assert sheet.width > 3 * sheet.height, "one row, that of the scans being gone"
    pairs = record.pairs(trained)
    assert len(pairs) == 10 and all(one["words"] and one["note"] for one in pairs)
    found = write_report(trained / "log.jsonl", scratch / "report", trained / "evaluation.json")
    assert len(found.pictures) == 10 and len(found.sheets) == 2
    assert "asked for: a ship" in found.pictures[0].caption
    assert "drawn by smoke-" in found.pictures[0].caption
