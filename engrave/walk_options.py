"""What the command `morph` accepts: keyframes, how to walk, and what to write. Knows no model."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from engrave import limits

SUFFIXES = (".mp4", ".gif", ".webp", ".vtt", ".zip", ".pdf", ".json")
HELP = (
    "Each FILE is what its ending says: a film (.mp4, .gif, .webp), captions for it (.vtt), all "
    "frames (.zip), a poster (.pdf), or a recipe (.json) that makes the walk again by --recipe."
)
Check = Callable[[limits.Range], Callable[[str], int | float]]


def add_walk_options(parser: argparse.ArgumentParser, whole: Check, number: Check) -> None:
    """Add all options of `morph`; settings that were not given are not there afterwards, so that
    a recipe's own are not undone."""
    parser.epilog = HELP
    parser.add_argument(
        "keyframes",
        nargs="*",
        metavar="KEYFRAME",
        help="2 to 8 of: a picture file, 'text:...', the id of an engraving of the collection",
    )
    parser.add_argument(
        "--recipe", type=Path, metavar="FILE", help="walk as a saved recipe says, to the same pixel"
    )
    _add_settings(parser.add_argument_group("how to walk"), whole, number)
    parser.add_argument(
        "--captions",
        type=whole(limits.CAPTION_EVERY),
        default=4,
        metavar="N",
        help="a caption at every n-th frame and at keyframes, 0 for none (default: 4)",
    )
    parser.add_argument(
        "--out",
        type=_out,
        action="append",
        metavar="FILE",
        help="file to write; may be given several times (default: walk.mp4)",
    )
    poster = parser.add_argument_group("the poster")
    poster.add_argument("--paper", choices=("a4", "a3"), default="a4", help="size (default: a4)")
    poster.add_argument("--portrait", action="store_true", help="higher than wide")
    poster.add_argument(
        "--pictures",
        type=whole(limits.POSTER),
        default=8,
        help="frames on it, 2 to 24 (default: 8)",
    )
    poster.add_argument("--title", default="", help="title (default: how many engravings)")


def _add_settings(group: argparse._ArgumentGroup, whole: Check, number: Check) -> None:
    absent = argparse.SUPPRESS
    group.add_argument(
        "--frames",
        type=whole(limits.FRAMES),
        default=absent,
        help="pictures on the way, 3 to 120 (default: 16)",
    )
    group.add_argument(
        "--mode",
        type=_words(limits.MODES),
        default=absent,
        metavar="MODE[,MODE...]",
        help="prior (every frame a likely engraving), direct (a blend) or graph (along real "
        "engravings), one for all segments or one for each (default: prior)",
    )
    group.add_argument(
        "--pace",
        choices=limits.PACES,
        default=absent,
        help="steps that change alike, or take alike (default: even)",
    )
    group.add_argument(
        "--easing",
        choices=limits.EASINGS,
        default=absent,
        help="slow down at keyframes (default: linear)",
    )
    group.add_argument(
        "--hold",
        type=number(limits.HOLD_S),
        default=absent,
        metavar="SECONDS",
        help="how long each keyframe stands still, 0 to 10 (default: 0)",
    )
    ways = group.add_mutually_exclusive_group()
    ways.add_argument(
        "--loop", action="store_const", const="back", default=absent, help="walk back again"
    )
    ways.add_argument(
        "--closed", dest="loop", action="store_const", const="closed", default=absent,
        help="walk on from the last keyframe to the first",
    )  # fmt: skip
    group.add_argument(
        "--curve",
        choices=limits.CURVES,
        default=absent,
        help="shape of the way (default: slerp)",
    )
    group.add_argument(
        "--seed", type=whole(limits.SEED), default=absent, help="seed of texts (default: 0)"
    )
    group.add_argument(
        "--steps",
        type=whole(limits.STEPS),
        default=absent,
        help="steps from noise to picture, 1 to 60 (default: 20)",
    )
    group.add_argument(
        "--fps",
        type=whole(limits.FPS),
        default=absent,
        help="frames a second, 1 to 60 (default: 8)",
    )


def _words(allowed: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        words = tuple(text.split(","))
        for word in words:
            if word not in allowed:
                raise argparse.ArgumentTypeError(
                    f"invalid choice: '{word}' (choose from {', '.join(allowed)})"
                )
        return words

    return read


def _out(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in SUFFIXES:
        raise argparse.ArgumentTypeError(f"'{text}' must end in {' or '.join(SUFFIXES)}")
    return path
