"""What the command line accepts for captions that are reviewed. Knows no model."""

from __future__ import annotations

import argparse
from pathlib import Path

EXPORTS = ("csv", "jsonl", "imagefolder", "texts", "annotations", "xmp")


def add_project_options(parser: argparse.ArgumentParser) -> None:
    """Let `caption` write into a project."""
    parser.add_argument(
        "--project",
        type=Path,
        metavar="FILE",
        help="JSON lines to keep captions in; what is there already is not captioned again",
    )
    parser.add_argument(
        "--again", action="store_true", help="caption anew what nobody has reviewed"
    )
    parser.add_argument("--style", type=Path, metavar="FILE", help="house style, JSON")
    parser.add_argument(
        "--vocabulary", type=Path, metavar="FILE", help="CSV of terms and preferred terms"
    )
    parser.add_argument(
        "--printed-words", action="store_true", help="read words inside of the plate too"
    )
    _add_export(parser)


def add_review_options(parser: argparse.ArgumentParser) -> None:
    """Let `review` decide, write texts, read exports in and write them out."""
    parser.add_argument("project", type=Path, metavar="PROJECT", help="file of caption --project")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="file name or key; 'all' for all still open"
    )
    decision = parser.add_mutually_exclusive_group()
    for word, state in (("accept", "accepted"), ("reject", "rejected")):
        decision.add_argument(
            f"--{word}", dest="decide", action="store_const", const=state, help=f"{word} them"
        )
    parser.add_argument("--reviewer", metavar="TEXT", help="who decides")
    parser.add_argument(
        "--only", metavar="TEXTS", help="decide on some texts alone, such as caption,tags"
    )
    for name, what in (
        ("caption", "caption"),
        ("alt", "alternative text, at most 124 characters"),
        ("title", "printed title"),
        ("printed", "printed words"),
        ("tags", "tags, with semicolons between"),
    ):
        parser.add_argument(f"--{name}", metavar="TEXT", help=f"new {what} of the one named")
    parser.add_argument(
        "--read", type=Path, metavar="FILE", help="take in a project or an export, as edited"
    )
    parser.add_argument(
        "--pictures", type=Path, metavar="DIR", help="where the pictures lie, for an export"
    )
    _add_export(parser)


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--export", choices=EXPORTS, help="write the accepted captions")
    parser.add_argument("--all", action="store_true", help="export all captions, marked")
    parser.add_argument(
        "--out", type=Path, metavar="PATH", help="file of the export, or a folder instead of a ZIP"
    )
    parser.add_argument(
        "--canvas", metavar="URL", help="IIIF canvas of a picture, with {stem}, {file} or {key}"
    )
