"""The command line of training: `python -m train fit`, `evaluate`, `publish`, `report` and
others."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from engrave.errors import EngraveError
from train.rebuild.command import add_rebuild, books, gutenberg
from train.report.command import add_report, report

ASSETS = Path(__file__).resolve().parents[1] / "assets"
SHIPPED = ASSETS / "model"
PRESETS = "smoke, small or seed; or caption_first, wide, finetune, which change small"
EVALUATOR = ASSETS / "training" / "evaluator"
CALIBRATION = ASSETS / "training" / "calibration.json"


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="python -m train", description="train, measure and publish the model"
    )
    commands = top.add_subparsers(dest="command", required=True)
    fit = commands.add_parser(
        "fit", help="train a preset", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    fit.add_argument("--preset", default="small", help=PRESETS)
    fit.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder of parquet files, an imagefolder, or what the caption desk exported as one",
    )
    fit.add_argument("--out", type=Path, required=True, help="folder of the run")
    fit.add_argument("--stage", default="all", help="all, meaning, autoencoder, captions or priors")
    length = fit.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, help="wall-clock budget of the stages in minutes")
    length.add_argument(
        "--epochs", type=float, help="epochs of each stage, instead of the preset's"
    )
    fit.add_argument("--resume", action="store_true", help="go on where the run in --out stopped")
    fit.add_argument(
        "--from",
        dest="start",
        type=Path,
        help=f"folder of a model to train on; for finetune {SHIPPED} where none is given",
    )
    fit.add_argument(
        "--tracker", help="wandb, tensorboard or trackio, beside the log of JSON lines"
    )
    _add_measuring(commands)
    _add_looking(commands)
    add_rebuild(commands)
    return top


def _add_measuring(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    form = argparse.ArgumentDefaultsHelpFormatter
    evaluate = commands.add_parser(
        "evaluate", help="measure a model beside baselines", formatter_class=form
    )
    evaluate.add_argument(
        "--model", type=Path, default=ASSETS / "model", help="folder of the model"
    )
    evaluate.add_argument(
        "--data", type=Path, required=True, help="folder of parquet files, or an imagefolder"
    )
    evaluate.add_argument("--split", default="validation", help="train, validation or test")
    evaluate.add_argument("--out", type=Path, help="JSON file for the figures")
    evaluate.add_argument("--cache", type=Path, help="folder for decoded pictures")
    evaluate.add_argument(
        "--evaluator", type=Path, default=EVALUATOR, help="folder of what judges generated pictures"
    )
    evaluate.add_argument("--steps", type=int, default=20, help="steps of the priors")
    evaluator = commands.add_parser(
        "evaluator", help="train what judges generated pictures", formatter_class=form
    )
    evaluator.add_argument(
        "--data", type=Path, required=True, help="folder of parquet files, or an imagefolder"
    )
    evaluator.add_argument("--out", type=Path, default=EVALUATOR, help="folder of the evaluator")
    evaluator.add_argument("--cache", type=Path, help="folder for decoded pictures and features")
    publish = commands.add_parser(
        "publish", help="rebuild what the app ships", formatter_class=form
    )
    publish.add_argument("--run", type=Path, required=True, help="folder of a finished run")
    publish.add_argument(
        "--data", type=Path, required=True, help="folder of the pictures it was trained on"
    )
    publish.add_argument("--assets", type=Path, default=ASSETS, help="where to write")
    publish.add_argument("--force", action="store_true", help="replace a better model too")
    add_report(commands)


def _add_looking(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    form = argparse.ArgumentDefaultsHelpFormatter
    look = commands.add_parser(
        "look", help="draw sheets of what the model makes", formatter_class=form
    )
    look.add_argument("--model", type=Path, default=SHIPPED, help="folder of the model")
    look.add_argument(
        "--data", type=Path, required=True, help="folder of parquet files, or an imagefolder"
    )
    look.add_argument("--split", default="validation", help="train, validation or test")
    look.add_argument("--out", type=Path, default=ASSETS / "training" / "look", help="where to")
    look.add_argument("--cache", type=Path, help="folder for decoded pictures")
    hashes = commands.add_parser(
        "hashes", help="list where the collection's scans lie, and hash them", formatter_class=form
    )
    hashes.add_argument("--data", type=Path, required=True, help="folder of parquet files")
    hashes.add_argument(
        "--collection", type=Path, default=ASSETS / "collection", help="folder to write into"
    )
    hashes.add_argument("--measure", action="store_true", help="only print how often hashes err")
    calibrate = commands.add_parser(
        "calibrate", help="measure how far captions can be believed", formatter_class=form
    )
    calibrate.add_argument("--model", type=Path, default=SHIPPED, help="folder of the model")
    calibrate.add_argument(
        "--collection", type=Path, default=ASSETS / "collection", help="engravings that bear out"
    )
    calibrate.add_argument(
        "--data", type=Path, required=True, help="folder of parquet files, or an imagefolder"
    )
    calibrate.add_argument("--split", default="validation", help="train, validation or test")
    calibrate.add_argument("--out", type=Path, default=CALIBRATION, help="JSON file of the curve")
    calibrate.add_argument("--cache", type=Path, help="folder for decoded pictures")
    commands.add_parser("bench", help="print how fast each stage trains here")
    commands.add_parser(
        "graphs", help="write what ONNX Runtime computes in the app, anew after a change of a part"
    )
    compare = commands.add_parser("compare", help="print evaluations side by side")
    compare.add_argument("evaluations", type=Path, nargs="+", help="files that evaluate wrote")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, 1 for what a user can mend, 2 for wrong arguments, 130 when
    stopped."""
    given = parser().parse_args(arguments)
    try:
        return COMMANDS[given.command](given)
    except EngraveError as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        hint = "add --resume to" if given.command == "fit" else "run it again to"
        print(f"train: stopped; {hint} go on from where it was.", file=sys.stderr)
        return 130


def _fit(given: argparse.Namespace) -> int:
    from train.fit import fit

    figures = fit(
        preset=given.preset,
        data=given.data,
        out=given.out,
        stage=given.stage,
        minutes=given.minutes,
        epochs=given.epochs,
        resume=given.resume,
        tracker=given.tracker,
        start=given.start or (SHIPPED if given.preset.endswith("finetune") else None),
    )
    for name, value in figures.items():
        print(f"{name:>24} {value:.4f}")
    return 0


def _evaluate(given: argparse.Namespace) -> int:
    from train.evaluate import evaluate, table

    figures = evaluate(
        given.model, given.data, given.split, given.out, given.cache,
        evaluator=given.evaluator, steps=given.steps,
    )  # fmt: skip
    print(table(figures))
    return 0


def _evaluator(given: argparse.Namespace) -> int:
    from train.evaluator import train_evaluator

    for name, value in train_evaluator(given.data, given.out, given.cache).items():
        print(f"{name:>24} {value:.4f}")
    return 0


def _publish(given: argparse.Namespace) -> int:
    from train.publish import publish

    publish(given.run, given.data, given.assets, force=given.force)
    return 0


def _look(given: argparse.Namespace) -> int:
    from train.look import look

    for path in look(given.model, given.data, given.split, given.out, given.cache):
        print(path)
    return 0


def _hashes(given: argparse.Namespace) -> int:
    from train.hashes import measure_hashes, write_hashes

    if given.measure:
        for name, value in measure_hashes(given.data).items():
            print(f"{name:>24} {value:.4g}")
    else:
        print(f"{write_hashes(given.data, given.collection)} scans are listed")
    return 0


def _calibrate(given: argparse.Namespace) -> int:
    from train.calibrate import as_table, calibrate

    found = calibrate(
        given.model, given.collection, given.data, given.split, given.out, given.cache
    )
    print(as_table(found))
    return 0


def _bench(given: argparse.Namespace) -> int:
    from train.bench import bench

    print(bench())
    return 0


def _graphs(given: argparse.Namespace) -> int:
    from train.graphs import write_graphs

    for folder in write_graphs():
        print(folder)
    return 0


def _compare(given: argparse.Namespace) -> int:
    from train.evaluation.table import read_evaluations, side_by_side

    print(side_by_side(read_evaluations(given.evaluations)))
    return 0


COMMANDS = {
    "fit": _fit, "evaluate": _evaluate, "evaluator": _evaluator, "publish": _publish,
    "look": _look, "hashes": _hashes, "calibrate": _calibrate, "bench": _bench, "graphs": _graphs,
    "books": books, "gutenberg": gutenberg,
    "compare": _compare, "report": report,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
