"""How far the model's captions can be believed, as the Training tab tells it."""

from pathlib import Path

from engrave.calibration import Calibration, read_calibration
from engrave.errors import ConfigError
from engrave.places import PLOTLY
from engrave.ui.explore_map import PLOTLY_VERSION
from engrave.ui.files import file_url
from engrave.ui.record import read_facts
from engrave.ui.views import NOTHING, View

FILE = "calibration.json"
HEAD = ("The model says", "Were right", "Words that the person used too", "CIDEr", "Captions")
RIGHT = (
    "A caption counts as right where it names at least one thing that the person named who "
    "described the same engraving."
)


def reliability(folder: Path) -> View:
    """Return the reliability curve of a run's captions in figures and words; nothing where it was
    not measured or its file is damaged."""
    try:
        found = read_calibration(folder / FILE)
    except ConfigError:
        return NOTHING
    if not found.bins:
        return NOTHING
    version = read_facts(folder / "run.json").get("version", "")
    return {
        "plotly": file_url(PLOTLY, PLOTLY_VERSION),
        "told": [RIGHT, threshold_told(found), *in_words(found)],
        "chart": chart_of(found),
        "head": HEAD,
        "rows": [
            [
                _percent(one.confidence), _percent(one.right), _percent(one.words),
                f"{one.cider:.2f}", str(one.count),
            ]
            for one in found.bins
        ],
        "note": "" if found.model_version == version else other_model(found.model_version),
    }  # fmt: skip


def threshold_told(found: Calibration) -> str:
    """Return in words from where on the page says that it is not sure."""
    return (
        f"Where the model gives a caption less than {_percent(found.threshold)}, the page says "
        f"“I am not sure”: so it does for {_percent(found.unsure)} of {found.pictures:,} captions "
        f"of the {found.split} split."
    )


def in_words(found: Calibration) -> tuple[str, str]:
    """Return what the curve shows, for those who do not see it."""
    below = [one for one in found.bins if one.confidence < found.threshold]
    above = [one for one in found.bins if one.confidence >= found.threshold]
    sides = [
        f"of the captions {name} that line {_percent(sum(o.right * o.count for o in part) / total)}"
        for name, part in (("below", below), ("above", above))
        if (total := sum(one.count for one in part))
    ]
    shares = f"By the tenths of the curve, {' and '.join(sides)} were right."
    worth = (
        f"On average the confidence is {found.error * 100:.0f} points off; of a right and a wrong "
        f"caption the right one has the higher confidence in {_percent(found.area)} of all pairs "
        "(guessing: 50 %). It is a hint, no proof."
    )
    return shares, worth


def chart_of(found: Calibration) -> View:
    """Return the curve beside the line on which each confidence would be kept to the letter."""
    low = min(*(one.confidence for one in found.bins), *(one.right for one in found.bins))
    ends = [round(low, 2), 1.0]
    return {
        "title": "What came of each confidence",
        "axes": ["confidence", "share that was right"],
        "limit": found.threshold,
        "told": f"the dotted line is where “I am not sure” ends, {_percent(found.threshold)}",
        "curves": [
            {"label": "as good as its word", "x": ends, "y": ends},
            {
                "label": "held-out",
                "x": [round(one.confidence, 4) for one in found.bins],
                "y": [round(one.right, 4) for one in found.bins],
            },
        ],
    }


def other_model(version: str) -> str:
    """Return the warning that a curve is of another model than the one that is shown."""
    return (
        f"This was measured with the model {version}, not with the one above, so the page does not "
        "use it; python -m train calibrate measures the one above."
    )


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"
