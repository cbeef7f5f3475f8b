"""Each figure on a case whose answer is known by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from pycocoevalcap.bleu.bleu import Bleu

from train.metrics.baselines import Components, most_frequent, nearest_rows, small, thumbnail
from train.metrics.captions import caption_scores, caption_values
from train.metrics.pictures import edge_energy, picture_scores, squared_error
from train.metrics.retrieval import ranks, recalls
from train.metrics.uncertainty import bootstrap_error
from train.stages.base import effective_rank
from train.stages.captions import word_loss

TEXTS = [
    "a ship sails on a rough sea",
    "an old man reads a large book",
    "a castle stands on a high rock",
]


def test_a_perfect_copy_scores_full_marks() -> None:
    scores = caption_scores(TEXTS, TEXTS)
    assert scores["bleu4"] == pytest.approx(1.0, abs=1e-6)
    assert scores["cider"] == pytest.approx(10.0, abs=1e-6)
    assert scores["rouge_l"] == pytest.approx(1.0, abs=1e-6)


def test_a_constant_scores_low_and_is_not_distinct() -> None:
    scores = caption_scores(["a ship sails on a rough sea"] * 3, ["x y z w", "p q r s", "l m n o"])
    assert scores["cider"] == pytest.approx(0.0, abs=1e-9)
    assert scores["distinct_share"] == pytest.approx(1 / 3)


def test_case_and_full_stops_do_not_count() -> None:
    assert caption_scores([t.upper() + "." for t in TEXTS], TEXTS)["bleu4"] == pytest.approx(
        1.0, abs=1e-6
    )


def test_padding_moves_neither_loss_nor_accuracy() -> None:
    logits = torch.randn(2, 4, 9, generator=torch.Generator().manual_seed(0))
    target = torch.tensor([[5, 3, 0, 0], [2, 6, 7, 3]])
    padded = F.pad(target, (0, 5))
    more = torch.cat([logits, torch.randn(2, 5, 9)], dim=1)
    for ours, theirs in zip(word_loss(logits, target), word_loss(more, padded), strict=True):
        assert float(ours) == pytest.approx(float(theirs), abs=1e-6)


def test_accuracy_of_right_answers_is_one() -> None:
    target = torch.tensor([[5, 3, 0, 0]])
    assert word_loss(F.one_hot(target, 9).float() * 9, target)[1] == 1.0


def test_recall_of_the_identity_and_of_a_constant() -> None:
    eye = torch.eye(20)
    assert recalls(eye, eye)["t2i_r1"] == 1.0
    assert recalls(eye, torch.ones(20, 20))["t2i_r10"] == 0.0  # ties count against
    assert ranks(torch.eye(2), torch.eye(2).flip(0)).tolist() == [1, 1]


def test_errors_of_pictures() -> None:
    real = torch.rand(2, 1, 128, 128) * 2 - 1
    same = picture_scores(real, real)
    assert same["image_mse"] == 0.0 and same["sharpness"] == pytest.approx(1.0)
    grey = picture_scores(torch.zeros_like(real), real)
    assert grey["sharpness"] == 0.0
    assert grey["image_mse"] == pytest.approx(float(real.pow(2).mean()), rel=1e-5)
    assert float(edge_energy(torch.ones(1, 1, 128, 128))) == 0.0
    assert squared_error(real + 0.5, real).tolist() == pytest.approx([0.25, 0.25], rel=1e-4)


def test_components_redraw_what_they_span() -> None:
    basis = torch.randn(3, 16 * 16)
    data = (torch.randn(40, 3) @ basis).reshape(40, 16, 16)
    kept = Components.fit(data, 3)
    torch.testing.assert_close(kept.redraw(data), data, atol=1e-3, rtol=0)
    assert (Components.fit(data, 1).redraw(data) - data).abs().max() > 0.1


def test_thumbnail_of_a_flat_picture_is_flat() -> None:
    flat = torch.full((1, 64, 64), 0.3)
    torch.testing.assert_close(thumbnail(flat), flat, atol=1e-5, rtol=0)


def test_small_reduces_by_area() -> None:
    board = np.zeros((1, 128, 128), np.uint8)
    board[:, ::2] = 255
    torch.testing.assert_close(small(board), torch.zeros(1, 64, 64), atol=1e-6, rtol=0)


def test_commonest_caption_and_nearest_rows() -> None:
    assert most_frequent(["b", "a", "b", "a"]) == "a"
    assert nearest_rows(torch.eye(3), torch.eye(3).flip(0)) == [2, 1, 0]


def test_bootstrap_error_is_that_of_the_mean_and_repeats() -> None:
    values = np.random.default_rng(1).normal(size=400)
    assert bootstrap_error(values) == pytest.approx(values.std() / 20, rel=0.15)
    assert bootstrap_error(values) == bootstrap_error(values)
    assert bootstrap_error(np.ones(5)) == 0.0


def test_effective_rank_counts_directions() -> None:
    assert effective_rank(torch.cat([torch.eye(6), -torch.eye(6)])) == pytest.approx(6.0, rel=1e-4)
    assert effective_rank(torch.randn(30, 1) @ torch.randn(1, 9)) == pytest.approx(1.0, abs=0.01)


def test_captions_over_all_rows_are_the_library_s_own_and_their_errors_repeat() -> None:
    written = [TEXTS[0], "an old man reads a book", "a ship on a rock", TEXTS[0]]
    wanted = [*TEXTS, TEXTS[1]]
    values = caption_values(written, wanted)
    known, _ = Bleu(4).compute_score(
        {k: [text] for k, text in enumerate(wanted)},
        {k: [text] for k, text in enumerate(written)},
        verbose=0,
    )
    assert values.bleu4() == pytest.approx(known[3])
    assert values.bleu4(np.arange(4)) == values.bleu4()
    assert values.scores()["distinct_share"] == pytest.approx(3 / 4)
    assert values.errors() == values.errors() and values.errors()["cider"] > 0
