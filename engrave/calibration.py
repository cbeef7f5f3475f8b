"""How far captions can be believed, as was measured on pictures that training never saw."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

from engrave.errors import ConfigError
from engrave.places import ASSETS
from engrave.whole import whole_file

FILE = ASSETS / "training" / "calibration.json"
FEATURES = ("log_probability", "match", "support")
UNSURE = 2 / 3  # below it, more than one such caption in three named nothing that is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Captions of like confidence, and how often they named something right."""

    confidence: float  # mean
    right: float  # share that names at least one thing that a person named
    words: float  # share of their words that a person used too
    cider: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A logistic regression from what is known of a caption to whether it names something right."""

    model_version: str
    data: str
    split: str
    pictures: int
    bias: float
    weights: tuple[float, ...]  # in the order of FEATURES
    threshold: float
    error: float  # mean distance of confidence and share that is right, over the bins
    area: float  # under the ROC curve, by cross-validation
    unsure: float  # share of the captions below the threshold
    bins: tuple[Bin, ...]

    def confidence(self, probability: float, match: float, support: float) -> float:
        """Return how likely a caption names something right, from 0 to 1."""
        features = (math.log(max(probability, 1e-6)), match, support)
        total = self.bias + sum(w * x for w, x in zip(self.weights, features, strict=True))
        return 1 / (1 + math.exp(-max(min(total, 30.0), -30.0)))

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as scratch:
            scratch.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def read_calibration(path: Path = FILE) -> Calibration:
    """Return the calibration of a file; raises ConfigError where it is damaged."""
    try:
        page = json.loads(path.read_text(encoding="utf-8"))
        bins = tuple(Bin(**one) for one in page["bins"])
        weights = tuple(float(one) for one in page["weights"])
        if len(weights) != len(FEATURES):
            raise ValueError(weights)
        return Calibration(**(page | {"bins": bins, "weights": weights}))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path.name} is no calibration; make it anew by python -m train calibrate."
        ) from error


def calibration_for(model_version: str, path: Path = FILE) -> Calibration | None:
    """Return the calibration of exactly this model, or None where there is none."""
    if not path.is_file():
        return None
    found = read_calibration(path)
    return found if found.model_version == model_version else None
