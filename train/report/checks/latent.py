"""Checks of the latent: collapse, norm, centre, symmetry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from train.report.checks.record import verdict
from train.report.correlations import aligned
from train.report.log import Series, Stage
from train.report.rules import Verdict
from train.report.statistics import tail


def check_latent(stage: Stage, evaluation: Mapping[str, Any]) -> Iterator[Verdict]:
    """Check all that is logged of the latent in one stage."""
    held = {name: series for name, series in stage.series.items() if len(series)}
    for name in [n for n in held if n.startswith("effective_rank")]:
        rank = tail(held[name])
        says = f"Pictures use about {rank:.1f} directions at the end."
        yield verdict("collapsed", stage.name, name, rank, says)
    if "latent_std" in held:
        yield _spread(stage.name, held["latent_std"])
    if "latent_norm" in held:
        yield _norm(stage, held["latent_norm"], evaluation)
    if {"latent_mean", "latent_std"} <= set(held):
        mean, std = tail(held["latent_mean"]), tail(held["latent_std"]) or 1e-30
        says = f"The mean is {mean:.3g}, {abs(mean) / std:.2%} of the spread {std:.3g}."
        yield verdict("off_centre", stage.name, "latent_mean", abs(mean) / std, says)
    if {"latent_min", "latent_max"} <= set(held):
        low, high = (float(held[f"latent_{end}"].value.mean()) for end in ("min", "max"))
        lean = abs(high + low) / max(abs(high), abs(low), 1e-30)
        says = f"On average from {low:.4g} to {high:.4g}, an asymmetry of {lean:.3f}."
        yield verdict("lopsided", stage.name, "latent_min", lean, says)
    if {"latent_norm", "latent_std"} <= set(held):
        yield from _one_figure(stage.name, held["latent_norm"], held["latent_std"])


def _ends(series: Series) -> tuple[float, float]:
    """Return the first value and a high value of the end: batches of crops have shorter latents
    now and then, and these must not count as shrinking."""
    return float(series.value[0]), float(
        np.percentile(series.value[-max(1, len(series) // 10) :], 95)
    )


def _spread(stage: str, series: Series) -> Verdict:
    first, last = _ends(series)
    says = f"From {first:.4g} to {last:.4g}."
    return verdict("spread_lost", stage, series.name, last / first if first else None, says)


def _norm(stage: Stage, norm: Series, evaluation: Mapping[str, Any]) -> Verdict:
    first, last = _ends(norm)
    lost = (first - last) / first if first else 0.0
    says = f"From {first:.4g} to {last:.4g}, {-lost:+.0%}."
    if lost >= 0.1:
        says += " " + _blame(stage, norm, evaluation)
    return verdict("norm_shrinks", stage.name, norm.name, lost, says)


def _blame(stage: Stage, norm: Series, evaluation: Mapping[str, Any]) -> str:
    alignment = stage.series.get("loss_alignment")
    if alignment is not None and len(alignment) > 10:
        left, right = aligned(norm, alignment)
        together = float(np.corrcoef(left, right)[0, 1]) if left.std() and right.std() else 0.0
        says = f"The alignment loss moves with it (correlation {together:+.2f})"
        if together > 0.3:
            return (
                says + ": alignment shrinks the latent, and part of its fall is only shorter "
                "vectors."
            )
        return f"The alignment loss does not move with it ({together:+.2f}); look elsewhere."
    known = evaluation.get("loss_alignment")
    beside = f" The alignment loss of {known:g}" if isinstance(known, int | float) else ""
    return (
        "Nothing but an alignment term gains from shorter vectors here: alignment shrank it, "
        "which is no sign of convergence."
        + (f"{beside} is smaller for that alone, so it is no proof of agreement." if beside else "")
    )


def _one_figure(stage: str, norm: Series, std: Series) -> Iterator[Verdict]:
    left, right = aligned(norm, std)
    kept = right > 0
    if kept.sum() < 10:
        return
    ratio = left[kept] / right[kept]
    scatter = float(ratio.std() / ratio.mean())
    width = float(np.median(ratio)) ** 2
    says = (
        f"norm / std is {np.median(ratio):.2f} throughout (scatter {scatter:.2%}), the root of "
        f"{width:.0f}: std is the norm over the root of the width, one figure and not two."
        if scatter <= 0.02
        else f"norm / std scatters by {scatter:.1%}: they are two figures."
    )
    yield verdict("std_is_norm", stage, "latent_std", scatter, says)
