"""Checks of the evaluation: baselines, shuffles, copies, noise."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from train.report.checks.record import verdict
from train.report.names import better_of
from train.report.rules import Verdict

Figures = Mapping[str, float]
PADDED = (
    "caption_accuracy_with_padding", "caption_accuracy_padded", "padded_caption_accuracy",
)  # fmt: skip
BESIDE = (  # figure, and the baselines it is compared with
    ("cider", ("nn_cider", "random_cider", "frequent_cider")),
    ("image_mse_64", ("thumbnail_mse_64", "mean_mse_64")),
    ("t2i_r10", ("chance_r10",)),
    ("t2i_r1", ("chance_r1",)),
)
STAGE = "evaluation"


def numbers(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures alone."""
    return {
        name: float(value)
        for name, value in evaluation.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def check_evaluation(evaluation: Mapping[str, Any]) -> Iterator[Verdict]:
    """Check all figures of an evaluation; what was not measured stays open."""
    held = numbers(evaluation)
    yield _measured(evaluation, held)
    yield _padding(held)
    yield from _shuffles(held)
    yield from _captions(held)
    yield _ratio("trivial_pictures", held, "image_mse_64", "thumbnail_mse_64")
    yield _ratio("mean_picture", held, "image_mse_64", "mean_mse_64")
    yield _ratio("trivial_search", held, "t2i_r10", "chance_r10")
    yield from _noise(held)
    yield _sharpness(held)
    yield _generated(held)
    yield _copies(held)
    yield from _test_gap(held)


def _measured(evaluation: Mapping[str, Any], held: Figures) -> Verdict:
    """Count the figures on pictures that training never saw; those on its own count for nothing."""
    split = evaluation.get("split")
    if not evaluation:
        return verdict("measured", STAGE, "", None, "No evaluation was given.")
    if not held:
        return verdict("measured", STAGE, "", 0.0, "The evaluation that was given holds no figure.")
    if not split:
        says = "The figures given do not say on which pictures they were measured."
        return verdict("measured", STAGE, "", None, says)
    if str(split) in ("train", "training"):
        says = f"All {len(held)} figures are of the training pictures."
        return verdict("measured", STAGE, "", 0.0, says)
    says = f"{len(held)} figures on the split `{split}`."
    return verdict("measured", STAGE, "", float(len(held)), says)


def _open(key: str, needs: str) -> Verdict:
    return verdict(key, STAGE, "", None, f"Not measured; it needs {needs}.")


def _ratio(key: str, held: Figures, name: str, other: str) -> Verdict:
    if name not in held or not held.get(other):
        return _open(key, f"{name} and {other}")
    ratio = held[name] / held[other]
    says = f"{name} {held[name]:.4g} beside {other} {held[other]:.4g}: {ratio:.2f} times."
    return verdict(key, STAGE, name, ratio, says)


def _padding(held: Figures) -> Verdict:
    padded = next((held[name] for name in PADDED if name in held), None)
    if padded is None or "caption_accuracy" not in held:
        return _open("padding", f"caption_accuracy and {PADDED[0]}")
    own = held["caption_accuracy"]
    says = f"{padded:.1%} with padding, {own:.1%} without."
    return verdict("padding", STAGE, "caption_accuracy", padded - own, says)


def _shuffles(held: Figures) -> Iterator[Verdict]:
    """Compare each figure under a shuffled part with that of the right one."""
    drawn = [n for n in held if n.startswith("shuffled_") and n.endswith("_mse")]
    for name in drawn if "image_mse" in held else []:
        part = name.removeprefix("shuffled_").removesuffix("_mse").removesuffix("_image") or "z"
        ratio = held[name] / max(held["image_mse"], 1e-12)
        says = f"With another picture's {part} the error is {ratio:.2f} times as large."
        yield verdict("ignores_picture", STAGE, name, ratio, says)
    if not drawn:
        yield _open("ignores_picture", "image_mse and shuffled_layout_mse")
    said = [n for n in held if n.startswith("shuffled_") and n.endswith("caption_accuracy")]
    for name in said if held.get("caption_accuracy") else []:
        ratio = held[name] / held["caption_accuracy"]
        says = f"With another picture's latent {held[name]:.1%} of the word pieces are right, "
        says += f"with its own {held['caption_accuracy']:.1%}."
        yield verdict("ignores_words", STAGE, name, ratio, says)
    if not said:
        yield _open("ignores_words", "caption_accuracy and shuffled_caption_accuracy")


def _captions(held: Figures) -> Iterator[Verdict]:
    if "distinct_share" in held:
        share = held["distinct_share"]
        says = f"{share:.0%} of the captions are distinct."
        yield verdict("few_captions", STAGE, "distinct_share", share, says)
    else:
        yield _open("few_captions", "distinct_share")
    rivals = {n: held[n] for n in BESIDE[0][1] if n in held}
    if "cider" not in held or not rivals:
        yield _open("trivial_captions", "cider and nn_cider")
        return
    name = max(rivals, key=lambda n: rivals[n])
    ratio = held["cider"] / max(rivals[name], 1e-6)
    says = f"CIDEr {held['cider']:.3f}; the best trivial one, {name}, has {rivals[name]:.3f}."
    yield verdict("trivial_captions", STAGE, "cider", ratio, says)


def _noise(held: Figures) -> Iterator[Verdict]:
    """Compare each lead over a baseline with its own standard error."""
    found = False
    for name, rivals in BESIDE:
        known = [rival for rival in rivals if rival in held]
        error = held.get(f"{name}_error") or _binomial(name, held)
        if name not in held or not known or error is None:
            continue
        found = True
        sign = better_of(name)
        rival = max(known, key=lambda n: held[n] * sign)
        error = math.hypot(error, held.get(f"{rival}_error", 0.0))
        lead = abs(held[name] - held[rival])
        says = f"It differs from {rival} by {lead:.3g}, with a standard error of {error:.2g}."
        figure = min(error / lead, 99.0) if lead else 99.0
        yield verdict("eval_noise", STAGE, name, figure, says)
    if not found:
        yield _open("eval_noise", "figures with their `_error`")


def _binomial(name: str, held: Figures) -> float | None:
    count = held.get("candidates")
    if not count or not name.startswith(("t2i_r", "i2t_r")) or name not in held:
        return None
    return math.sqrt(max(held[name] * (1 - held[name]), 0.0) / count)


def _sharpness(held: Figures) -> Verdict:
    if "sharpness" not in held:
        return _open("unsharp", "sharpness")
    value = held["sharpness"]
    off = abs(math.log2(value)) if value > 0 else 99.0
    says = f"{value:.2f} of the real engravings' sharpness."
    return verdict("unsharp", STAGE, "sharpness", off, says)


def _generated(held: Figures) -> Verdict:
    if "kid" not in held or "kid_floor" not in held:
        return _open("generated_far", "kid and kid_floor")
    ratio = held["kid"] / (max(held["kid_floor"], 0.0) + 0.02 / 3)
    says = f"KID {held['kid']:.3g}; real against real {held['kid_floor']:.3g}."
    return verdict("generated_far", STAGE, "kid", ratio, says)


def _copies(held: Figures) -> Verdict:
    if "train_nn_similarity" not in held or "test_nn_similarity" not in held:
        return _open("memorised", "train_nn_similarity and test_nn_similarity")
    seen, unseen = held["train_nn_similarity"], held["test_nn_similarity"]
    says = f"Nearest training picture {seen:.3f} alike, nearest unseen one {unseen:.3f}."
    return verdict("memorised", STAGE, "train_nn_similarity", seen - unseen, says)


def _test_gap(held: Figures) -> Iterator[Verdict]:
    measured = [n for n in held if f"train_{n}" in held and not n.endswith("_error")]
    pairs = [n for n in measured if better_of(n) and held[n]]
    for name in pairs:
        seen, unseen = held[f"train_{name}"], held[name]
        base = min(abs(seen), abs(unseen)) if better_of(name) < 0 else abs(seen)
        gap = (seen - unseen) * better_of(name) / max(base, 1e-12)
        says = f"{seen:.4g} on training pictures, {unseen:.4g} on unseen ones."
        yield verdict("test_gap", STAGE, name, gap, says)
    if not pairs:
        yield _open("test_gap", "the same figures on training pictures, as train_...")
