"""The command line of training: `python -m train fit`, `evaluate`, `publish`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from engrave.errors import EngraveError


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(prog="python -m train", description="train, measure and publish the model")
    commands = top.add_subparsers(dest="command", required=True)
    fit = commands.add_parser("fit", help="train a preset", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    fit.add_argument("--preset", default="small", help="smoke, small or seed")
    fit.add_argument("--data", type=Path, required=True, help="folder of parquet files, or an imagefolder")
    fit.add_argument("--out", type=Path, required=True, help="folder of the run")
    fit.add_argument("--stage", default="all", help="all, meaning, autoencoder, captions or priors")
    length = fit.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, help="wall-clock budget of the stages in minutes")
    length.add_argument("--epochs", type=float, help="epochs of each stage, instead of the preset's")
    fit.add_argument("--resume", action="store_true", help="go on where the run in --out stopped")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, 1 for what a user can mend, 2 for wrong arguments, 130 when stopped."""
    given = parser().parse_args(arguments)
    try:
        return _fit(given)
    except EngraveError as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("train: stopped; add --resume to go on from the last step.", file=sys.stderr)
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
    )
    for name, value in figures.items():
        print(f"{name:>24} {value:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
