"""On the earlier run's figures the report finds what was found by hand, and what was missed."""

from __future__ import annotations

import pytest

from tests.train.logs import FINAL, earlier, write
from train.report.findings import Findings, find
from train.report.reading import read_log


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return find(read_log(write(tmp_path_factory.mktemp("earlier"), earlier())), FINAL)


def says(found: Findings, key: str) -> str:
    return next(v.says for v in found.verdicts if v.rule.key == key)


def test_its_findings_are_reached(found: Findings) -> None:
    rows = {row.name: row for row in found.rows["run"]}
    assert rows["learning_rate"].change == pytest.approx(-0.9988, abs=1e-4)
    assert found.schedules["run"]["learning_rate"].smooth
    assert rows["latent_mean"].mean == pytest.approx(0.000452, abs=2e-5)
    assert rows["latent_std"].change == pytest.approx(-0.3167, abs=1e-3)
    assert rows["latent_std"].variation == pytest.approx(0.0117, abs=3e-3)
    assert rows["latent_norm"].change == pytest.approx(-0.3072, abs=1e-3)
    assert rows["latent_norm"].mean == pytest.approx(0.814309, abs=1e-3)
    assert "asymmetry of 0.01" in says(found, "lopsided")
    r = {frozenset((p.left, p.right)): p.r for p in found.pairs["run"]}
    assert r[frozenset(("latent_std", "latent_norm"))] > 0.99
    assert r[frozenset(("learning_rate", "latent_mean"))] == pytest.approx(-0.923, abs=0.02)
    assert r[frozenset(("learning_rate", "latent_min"))] == pytest.approx(-0.845, abs=0.03)


def test_what_it_missed_is_said(found: Findings) -> None:
    assert "alignment shrank it" in says(found, "norm_shrinks")
    assert "0.00997" in says(found, "norm_shrinks")
    assert found.schedules["run"]["learning_rate"].shape == "cosine"
    assert "It is not" in says(found, "one_schedule")
    assert "exponential" in says(found, "one_schedule").split("It is not")[1]
    assert "one figure and not two" in says(found, "std_is_norm")
    assert "nothing can be called ready" in says(found, "no_loss")
    assert found.overall.grade <= 2
