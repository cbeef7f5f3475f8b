"""A page for people who keep pictures: what this model knows and what it does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Lines = list[str]


def page(figures: Mapping[str, float], facts: Mapping[str, Any]) -> tuple[Lines, Lines]:
    """Return sentences on what the model knows, and on what it does not."""
    knows: Lines = []
    lacks: Lines = []
    for sort in (_captions, _search, _pictures, _generation):
        sort(figures, knows, lacks)
    if not figures:
        lacks.append("Nobody has yet measured it on pictures it had not seen, so nothing can be "
                     "promised.")  # fmt: skip
    count = facts.get("train_pictures")
    if count:
        lacks.append(f"It has seen {count:,} pictures and nothing else. It knows no names of "
                     "people or places, no dates and no artists.")  # fmt: skip
    lacks.append("What it writes is a guess. Read each caption before it is published.")
    return knows, lacks


def _captions(figures: Mapping[str, float], knows: Lines, lacks: Lines) -> None:
    if "cider" in figures and "nn_cider" in figures:
        times = figures["cider"] / max(figures["nn_cider"], 1e-6)
        if times > 1.1:
            knows.append(f"Its captions fit a new engraving {times:.1f} times as well as the "
                         "caption of the most similar one it has seen.")  # fmt: skip
        else:
            lacks.append("Its captions fit a new engraving no better than that of the most "
                         "similar one it has seen.")  # fmt: skip
    if "distinct_share" in figures:
        share = figures["distinct_share"]
        says = f"Of 100 engravings, about {share * 100:.0f} get a caption of their own."
        (knows if share > 0.5 else lacks).append(says)


def _search(figures: Mapping[str, float], knows: Lines, lacks: Lines) -> None:
    if "t2i_r10" not in figures:
        return
    share, many = figures["t2i_r10"], figures.get("candidates", 0)
    says = "Asked with a sentence, it has the right engraving among its first ten in "
    says += f"{share:.0%} of cases"
    says += f", out of {many:.0f}." if many else "."
    (knows if share > 0.2 else lacks).append(says)


def _pictures(figures: Mapping[str, float], knows: Lines, lacks: Lines) -> None:
    if "image_mse_64" in figures and "thumbnail_mse_64" in figures:
        better = figures["image_mse_64"] < figures["thumbnail_mse_64"]
        says = "Where things stand in a picture, it keeps "
        says += "better" if better else "worse"
        (knows if better else lacks).append(f"{says} than a small thumbnail would.")
    if "sharpness" in figures and figures["sharpness"] < 0.5:
        lacks.append("Its lines are softer than an engraver's: fine hatching turns to grey.")
    elif "sharpness" in figures:
        knows.append("It draws lines about as crisp as those of a printed engraving.")


def _generation(figures: Mapping[str, float], knows: Lines, lacks: Lines) -> None:
    if {"train_nn_similarity", "test_nn_similarity"} <= set(figures):
        copies = figures["train_nn_similarity"] - figures["test_nn_similarity"] > 0.05
        says = "Some of what it makes is close to a copy of a picture it has seen."
        if copies:
            lacks.append(says)
        else:
            knows.append("What it makes is no copy of a picture it has seen.")
    if {"r_precision", "r_precision_real"} <= set(figures):
        share = figures["r_precision"] / max(figures["r_precision_real"], 1e-6)
        says = f"The pictures it makes show what was asked for about {share:.0%} as reliably as "
        (knows if share > 0.6 else lacks).append(says + "real engravings with that caption.")
