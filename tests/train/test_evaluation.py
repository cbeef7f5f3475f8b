"""The evaluation as a whole at tiny size, and what judges in it."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageDraw

from engrave.errors import CheckpointError
from engrave.model.pixels import to_tensor
from engrave.model.ways import walk_latents
from tests.drawings import write_folder
from tests.woken import ramp, woken_model
from train.evaluate import EVALUATOR, evaluate
from train.evaluation import generation
from train.evaluation.captions import broken
from train.evaluation.generation import SAMPLES, Making, equal_parts, subjects_of
from train.evaluation.sheet import Sheet
from train.evaluation.subject import Held, sampled
from train.evaluation.table import TABLE, side_by_side, table
from train.evaluation.walks import MODES, Ways, pairs_of
from train.evaluator import index_of, recall_of, train_evaluator, train_head
from train.metrics.frozen import FrozenEyes
from train.metrics.matching import EARS_WIDTH, EYES_WIDTH, load_evaluator, save_evaluator
from train.report.checks.evaluation import check_evaluation

STEPS = 2


@pytest.fixture(scope="module")
def eyes() -> FrozenEyes:
    return FrozenEyes()


@pytest.fixture(scope="module")
def page(smoke_run: Path, drawn_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What a whole evaluation writes, with second descriptions of half the pictures."""
    folder = tmp_path_factory.mktemp("described") / "data"
    shutil.copytree(drawn_folder, folder)
    lines = [json.dumps({"id": f"picture-{k:05d}", "caption": "a shape"}) for k in range(6)]
    (folder / "second_descriptions.jsonl").write_text("\n".join(lines))
    out = folder.parent / "evaluation.json"
    evaluate(smoke_run / "model", folder, "test", out, None, steps=STEPS)
    return json.loads(out.read_text())


def test_all_figures_of_the_table_are_measured_with_their_errors(page: dict) -> None:
    named = {name for _, own, others in TABLE for name in (own, *others)}
    assert named <= set(page)
    sure = {name for name in named if f"{name}_error" not in page}
    assert all(name.startswith("chance_") for name in sure), sure
    assert all(math.isfinite(value) for value in page.values() if isinstance(value, float))
    assert page["human_pictures"] == 6 and page["prior_steps"] == STEPS
    assert page["evaluator_sha256"] == load_evaluator(EVALUATOR).sha256
    assert page["chance_r1"] == pytest.approx(1 / 12, rel=1e-4) and page["candidates"] == 12
    assert len(page["weights_sha256"]) == 64 and page["split"] == "test"
    assert "CIDEr" in table(page) and side_by_side({"a": page, "b": page}).count("|") > 20


def test_the_report_judges_figures_and_not_their_errors(page: dict) -> None:
    verdicts = list(check_evaluation(page))
    named = {verdict.subject for verdict in verdicts}
    assert not [name for name in named if name.endswith("_error")]
    gaps = {verdict.subject for verdict in verdicts if verdict.rule.key == "test_gap"}
    assert {"caption_loss", "image_mse_64", "ssim_masked"} <= gaps
    assert not [name for name in gaps if name.startswith("chance")]


def test_a_second_run_gives_the_same_digits(
    page: dict, smoke_run: Path, drawn_folder: Path
) -> None:
    again = evaluate(smoke_run / "model", drawn_folder, "test", None, None, steps=STEPS)
    assert {name: page[name] for name in again} == again


def test_where_there_are_many_pictures_some_are_measured(
    smoke_run: Path, drawn_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "LEANING", 4)
    found = evaluate(smoke_run / "model", drawn_folder, "test", None, None, steps=1)
    assert found["generated"] == 12 and found["leaning_generated"] == 4
    assert 4 <= found["train_generated"] < found["leaning_candidates"]
    assert math.isfinite(found["train_kid"]) and math.isfinite(found["leaning_kid"])


def test_a_test_set_without_training_pictures_is_measured(smoke_run: Path, tmp_path: Path) -> None:
    data = write_folder(tmp_path / "own", {"test": 10})
    found = evaluate(smoke_run / "model", data, "test", None, None, steps=1)
    assert {"cider", "image_mse_masked", "kid", "r_precision", "walk_kid"} <= set(found)
    assert not any(name.startswith(("nn_", "train_", "pca_")) for name in found)
    assert "captions: CIDEr" in table(found)


def test_frozen_eyes_know_a_clock_and_a_screen(eyes: FrozenEyes) -> None:
    clock, screen = (Image.new("L", (260, 260), 255) for _ in range(2))
    pen = ImageDraw.Draw(clock)
    pen.ellipse((30, 30, 230, 230), outline=0, width=6)
    for hour in range(12):
        x, y = math.cos(hour * math.pi / 6), math.sin(hour * math.pi / 6)
        pen.line((130 + 80 * x, 130 + 80 * y, 130 + 95 * x, 130 + 95 * y), fill=0, width=5)
    pen.line((130, 130, 130, 60), fill=0, width=5)
    pen.line((130, 130, 175, 150), fill=0, width=6)
    pen = ImageDraw.Draw(screen)
    for place in range(0, 260, 20):
        pen.line((place, 0, place, 260), fill=0)
        pen.line((0, place, 260, place), fill=0)
    pictures = torch.stack([to_tensor(picture) for picture in (clock, screen)])
    best = eyes.net(pictures.expand(-1, 3, -1, -1)).argmax(1)
    assert best.tolist() == [409, 904], "ImageNet's analog clock and window screen"
    torch.testing.assert_close(eyes.see(pictures)[:1], eyes.see(pictures[:1]), atol=1e-4, rtol=0)


def paired(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return features of pictures and texts that both follow from the same few numbers."""
    mixing = torch.Generator().manual_seed(0)
    causes = torch.randn(count, 12, generator=torch.Generator().manual_seed(seed))
    ways = [torch.randn(12, width, generator=mixing) for width in (EYES_WIDTH, EARS_WIDTH)]
    return causes @ ways[0], causes @ ways[1]


def test_the_head_learns_pairs_that_it_never_saw_and_is_the_same_each_time(tmp_path: Path) -> None:
    head, again = (train_head(*paired(256, 1), epochs=40) for _ in range(2))
    held_out = paired(100, 2)
    assert recall_of(head, *held_out)["t2i_r10"] > 0.8
    assert recall_of(head, held_out[0], held_out[1].flip(0))["t2i_r10"] < 0.4
    assert all(
        torch.equal(a, b) for a, b in zip(head.parameters(), again.parameters(), strict=True)
    )
    save_evaluator(tmp_path, head, index_of(paired(256, 1)[0], "x", head, 8), {"epochs": 40.0})
    read = load_evaluator(tmp_path)
    assert read.facts == {"epochs": 40.0} and read.index.ids == "x" and len(read.sha256) == 64
    assert recall_of(read.head, *held_out) == pytest.approx(recall_of(head, *held_out), abs=0.02)
    rows = read.index.project(paired(256, 1)[0])
    torch.testing.assert_close(rows, read.index.rows_NK, atol=0.1, rtol=0.05)
    assert read.index.nearest(read.head, paired(256, 1)[0]) == list(range(256))
    assert rows.std(0).tolist() == pytest.approx([1.0] * 8, rel=0.05)


def test_an_evaluator_is_trained_from_a_folder(drawn_folder: Path, tmp_path: Path) -> None:
    facts = train_evaluator(drawn_folder, tmp_path / "judge", tmp_path / "cache")
    assert facts["train_pictures"] == 48 and facts["test_candidates"] == 12
    assert 0 <= facts["test_t2i_r1"] <= facts["test_t2i_r10"] <= 1
    assert list((tmp_path / "cache").glob("frozen-*.npy"))
    assert len(load_evaluator(tmp_path / "judge").index.rows_NK) == 48


def test_a_missing_evaluator_is_said(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="python -m train evaluator"):
        load_evaluator(tmp_path)


@pytest.mark.parametrize("mode", MODES)
@torch.inference_mode()
def test_middles_are_those_of_the_walks_in_the_app(mode: str) -> None:
    model = woken_model()
    z = model.encode(ramp(3))
    pairs = torch.tensor([[0, 1], [2, 0]])
    found = Ways.of(model, z, 3).between(pairs, 0.5, mode)
    for row, (a, b) in zip(found, pairs.tolist(), strict=True):
        wanted = walk_latents(model, z[a], z[b], shares=[0, 0.5, 1], mode=mode, steps=3)[1]
        torch.testing.assert_close(row, wanted, atol=2e-5, rtol=0)


@torch.inference_mode()
def test_what_is_imagined_hangs_on_seed_text_and_what_it_leans_on() -> None:
    model = woken_model()
    making, text = Making(model, 2), model.embed_text(["a ship", "a castle"])
    first = making.draw(text)
    assert first.norm(dim=1).tolist() == pytest.approx([1.0] * 2, abs=1e-4)
    assert torch.equal(first, making.draw(text))
    others = making.draw(text, seed=2), making.draw(text.flip(0)), making.draw(text, lean_NL=first)
    assert all((first - other).abs().max() > 1e-3 for other in others)


@torch.inference_mode()
def test_a_shuffle_moves_every_picture_and_only_the_part_it_names() -> None:
    model = woken_model()
    z = model.encode(ramp(4))
    parts = {name: model.split(value) for name, value in broken(model, z).items()}
    meaning, layout = model.split(z)
    assert not (parts["shuffled"][0] == meaning).all(1).any()
    assert torch.equal(parts["shuffled_meaning"][1], layout)
    assert torch.equal(parts["shuffled_layout"][0], meaning)
    assert (parts["blank"][0][0] == parts["blank"][0][1]).all()


def test_pairs_never_join_a_picture_with_itself() -> None:
    pairs = pairs_of(5, 200)
    assert (pairs[:, 0] != pairs[:, 1]).all() and set(pairs.flatten().tolist()) == set(range(5))
    assert torch.equal(pairs, pairs_of(5, 200))


def test_groups_of_one_subject_and_the_sample(drawn_folder: Path) -> None:
    from train.data import load

    train = load(drawn_folder, "train", 64)
    held = Held(train, torch.zeros(48, 1), torch.zeros(48, 1))
    for group in subjects_of(held):
        assert len({train.rows[row]["subject"] for row in group}) == 1 and len(group) == SAMPLES
    few = held.first(9)
    assert [len(group) for group in subjects_of(few)] == [SAMPLES], "too few of any one subject"
    rows = sampled(train, 10).rows
    assert len(rows) == 10 and rows == sampled(train, 10).rows


def test_two_sets_are_cut_to_one_size() -> None:
    many, few = torch.arange(10.0)[:, None], torch.arange(4.0)[:, None]
    a, b = equal_parts(many, few)
    assert len(a) == len(b) == 4 and sorted(b[:, 0].tolist()) == [0, 1, 2, 3]
    assert len(set(a[:, 0].tolist())) == 4 and torch.equal(a, equal_parts(many, few)[0])


def test_a_sheet_keeps_six_digits_and_the_error() -> None:
    sheet = Sheet()
    sheet.put("x", 1 / 3)
    sheet.ratio("y", torch.tensor([1.0, 3.0]), torch.tensor([2.0, 6.0]))
    assert sheet.figures == {"x": 0.333333, "y": 0.5, "y_error": 0.0}
