"""Reads what a training run left: its log, its figures, its samples. Knows nothing of models."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engrave.places import ASSETS
from engrave.ui.files import file_url
from engrave.ui.views import View

FOLDER = ASSETS / "training"
PICTURES = ("samples", "pairs")  # the folders of a run's record that hold pictures
ENDINGS = (".webp", ".png", ".jpg")
HELD_OUT = "validation_"
CLOCKS = ("step", "epoch", "seconds", "timestamp")
ORDER = ("loss", "accuracy", "recall", "latent", "rank", "learning_rate", "gradient")
MOST_POINTS = 400
EVALUATIONS = (("validation", "evaluation.json"), ("test", "evaluation-test.json"))
EARLIER = "earlier.json"
ROWS: tuple[tuple[str, str, dict[str, str]], ...] = (  # title, figure, what stands beside it
    ("Captions: right words, given those before", "caption_accuracy",
     {"shuffled_caption_accuracy": "another's latent", "train_caption_accuracy": "training"}),
    ("Captions: loss in nats a word piece", "caption_loss",
     {"shuffled_caption_loss": "another's latent", "train_caption_loss": "training"}),
    ("Captions: CIDEr", "cider",
     {"nn_cider": "nearest training caption", "frequent_cider": "commonest",
      "human_cider": "a person"}),
    ("Captions: BLEU-4", "bleu4", {"nn_bleu4": "nearest training caption"}),
    ("Captions: share that differ", "distinct_share",
     {"nn_distinct_share": "nearest training caption"}),
    ("Redrawn: error at 256 px", "image_mse",
     {"shuffled_layout_mse": "another's layout", "train_image_mse": "training"}),
    ("Redrawn: error at 64 px", "image_mse_64",
     {"thumbnail_mse_64": "a thumbnail", "mean_mse_64": "the mean picture"}),
    ("Redrawn: sharpness, real ones being 1", "sharpness", {}),
    ("Redrawn: lattice of 4 pixels, part of the grain", "lattice", {"lattice_real": "real ones"}),
    ("Search: found as the first", "t2i_r1", {"chance_r1": "chance"}),
    ("Search: among the first ten", "t2i_r10", {"chance_r10": "chance"}),
    ("Drawn from texts: distance to real ones (KID)", "kid", {"kid_floor": "real against real"}),
    ("Drawn from texts: text found among 100", "r_precision", {"r_precision_real": "real ones"}),
    ("Alignment loss (mean squared)", "alignment_loss", {}),
    ("Latent: norm", "latent_norm", {}),
    ("Latent: spread of a coordinate", "latent_std", {}),
    ("Latent: directions in use", "latent_effective_rank", {}),
)  # fmt: skip


def read_facts(path: Path) -> dict[str, Any]:
    """Return a file of one JSON object, or nothing where it is missing or damaged."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}


def about(folder: Path) -> View:
    """Return how the model was made, in a line of facts."""
    run = read_facts(folder / "run.json")
    pictures = run.get("train_pictures")
    known = (
        ("", run.get("version")),
        ("", f"{run['parameters'] / 1e6:.1f} million parameters" if "parameters" in run else ""),
        ("trained on ", f"{pictures:,} engravings" if pictures else ""),
        ("on ", run.get("hardware")),
        ("for ", f"{run['minutes']:,.0f} minutes" if "minutes" in run else ""),
        ("finished ", run.get("finished")),
        ("commit ", str(run.get("commit") or "")[:10]),
    )
    return {"facts": [f"{before}{value}" for before, value in known if value]}


def lines(log: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a log that can be read."""
    if not log.is_file():
        return
    with log.open(encoding="utf-8", errors="replace") as stream:
        for line in stream:
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                yield row


def curves(log: Path) -> list[View]:
    """Return the charts of each stage, held-out figures in the chart of their own metric."""
    stages: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for row in lines(log):
        series = stages.setdefault(str(row.get("stage", "run")), {})
        for name, value in row.items():
            if name not in CLOCKS and _is_number(value) and _is_number(row.get("step")):
                series.setdefault(name, []).append((row["step"], value))
    return [{"stage": stage, "charts": _charts(series)} for stage, series in stages.items()]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _charts(series: dict[str, list[tuple[float, float]]]) -> list[View]:
    names = dict.fromkeys(name.removeprefix(HELD_OUT) for name in series)
    charts = []
    for name in sorted(names, key=_place):
        pair = (("training", name), ("held-out", HELD_OUT + name))
        drawn = [_curve(label, series[key]) for label, key in pair if key in series]
        charts.append({"title": name.replace("_", " "), "curves": drawn})
    return charts


def _place(name: str) -> int:
    return next((place for place, word in enumerate(ORDER) if word in name), len(ORDER))


def _curve(label: str, points: list[tuple[float, float]]) -> View:
    held = _last_account(points)
    kept = held[:: max(1, math.ceil(len(held) / MOST_POINTS))]
    return {"label": label, "x": [x for x, _ in kept], "y": [float(f"{y:.5g}") for _, y in kept]}


def _last_account(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Leave out the steps that a resumed run did anew."""
    kept: list[tuple[float, float]] = []
    for point in points:
        while kept and kept[-1][0] >= point[0]:
            kept.pop()
        kept.append(point)
    return kept


def figures(folder: Path) -> View:
    """Return the evaluation as a table, beside what costs nothing and beside the earlier run."""
    measured = [(split, read_facts(folder / name)) for split, name in EVALUATIONS]
    measured = [(split, held) for split, held in measured if held]
    if not measured:
        return {"rows": []}
    earlier = read_facts(folder / EARLIER)
    head = ["", *(_named(split, held) for split, held in measured), "beside it"]
    rows = []
    for title, name, beside in ROWS:
        cells = [_with_error(held, name) for _, held in measured]
        was = _shown(earlier.get(name))
        if any(cells) or was:
            rows.append(
                [title, *cells, _beside(measured[0][1], beside), *([was] if earlier else [])]
            )
    head += ["the earlier run"] if earlier else []
    return {"head": head, "rows": rows, "note": earlier.get("note", "")}


def _named(split: str, held: dict[str, Any]) -> str:
    return f"this model, {split} ({held.get('pictures', '?')} pictures)"


def _with_error(held: dict[str, Any], name: str) -> str:
    error = _shown(held.get(f"{name}_error"))
    return _shown(held.get(name)) + (f" ± {error}" if error else "")


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) and _is_number(value) else ""


def _beside(held: dict[str, Any], others: dict[str, str]) -> str:
    found = [f"{label} {_shown(held.get(key))}" for key, label in others.items() if key in held]
    return "; ".join(found)


def samples(folder: Path) -> list[View]:
    """Return the sheets that the model drew while it was trained, in the order of the steps."""
    found = []
    for path in sorted((folder / "samples").glob("*")):
        stage, _, step = path.stem.rpartition("-")
        if path.suffix in ENDINGS and step.isdigit():
            words = f"{stage}, step {int(step):,}"
            found.append((stage, int(step), {"src": _address(path), "words": words}))
    return [view for _, _, view in sorted(found, key=lambda one: one[:2])]


def pairs(folder: Path) -> list[View]:
    """Return pictures that the model made, with its own captions of them."""
    found = []
    for row in lines(folder / "pairs" / "metadata.jsonl"):
        path = folder / "pairs" / Path(str(row.get("file_name", ""))).name
        if path.suffix in ENDINGS and path.is_file():
            asked = str(row.get("prompt", ""))
            note = f"asked for: {asked}" if asked else ""
            found.append(
                {"src": _address(path), "words": str(row.get("caption", "")), "note": note}
            )
    return found


def _address(path: Path) -> str:
    return file_url(path, f"{path.stat().st_mtime:.0f}")
