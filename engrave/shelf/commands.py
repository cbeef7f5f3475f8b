"""Runs the commands for own collections. Knows no model: the command line brings one."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engrave.errors import CollectionError
from engrave.progress import Progress
from engrave.shelf.cluster import check_ray
from engrave.shelf.importer import ClusterImporter, Importer, Reader, Report
from engrave.shelf.journal import Version
from engrave.shelf.names import name_from
from engrave.shelf.shelf import Shelf, Standing
from engrave.sources import open_source

Answer = Callable[[dict[str, Any], str], None]  # an object for --json, and a line for people


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the command line lends to a command."""

    answer: Answer
    remark: Callable[[str], None]
    progress: Progress
    load: Callable[[], Reader]


def run_import(arguments: argparse.Namespace, desk: Desk) -> int:
    """Import a source; return 1 where something in it could not be read."""
    source = open_source(arguments.source)
    name = arguments.name or name_from(source.name)
    path = Path(os.path.expanduser(arguments.source))
    origin = str(path.resolve()) if path.exists() else str(arguments.source)
    shelf = Shelf()
    if arguments.engine == "ray":
        check_ray()  # before the model is loaded
    importer = _importer(arguments, shelf, desk)
    try:
        report = importer.run(source, name, origin=origin, progress=desk.progress)
        _draw(arguments, shelf, report, desk)
    except KeyboardInterrupt:
        desk.remark(f"What was read is kept in '{name}'; run the same command again to go on.")
        raise
    for key, twin in report.twins:
        desk.remark(f"{key}: the same picture as {twin}, kept once.")
    for key, reason in report.unread:
        desk.remark(f"{key}: {reason}")
    desk.answer(facts(report), _line(report))
    return 1 if report.unread or not report.pictures else 0


def run_collections(arguments: argparse.Namespace, desk: Desk) -> int:
    """List collections, or the versions of one."""
    shelf = Shelf()
    if arguments.versions:
        for version in shelf.journal(arguments.versions).versions:
            desk.answer(_version_facts(version), _version_line(version))
        return 0
    names = shelf.names()
    if not names and not arguments.json:
        desk.remark("There are no collections yet; make one by `import SOURCE --name NAME`.")
    for name in names:
        standing = shelf.standing(name)
        desk.answer(asdict(standing), _standing_line(standing))
    return 0


def run_undo(arguments: argparse.Namespace, desk: Desk) -> int:
    """Go back to a version."""
    version = Shelf().undo(arguments.name, arguments.to)
    desk.answer(
        {"name": arguments.name, **_version_facts(version)},
        f"{arguments.name}: {version.what}, {version.rows:,} pictures",
    )
    return 0


def run_remove(arguments: argparse.Namespace, desk: Desk) -> int:
    """Delete a collection where it was confirmed."""
    shelf = Shelf()
    standing = shelf.standing(arguments.name)
    if not arguments.yes:
        raise CollectionError(
            f"'{standing.name}' has {standing.pictures:,} pictures and nothing brings it back; "
            "add --yes to delete it."
        )
    shelf.remove(standing.name)
    desk.remark(f"{standing.name} is deleted.")
    return 0


def run_map(arguments: argparse.Namespace, desk: Desk) -> int:
    """Draw a map anew."""
    version = Shelf().draw_map(arguments.name, desk.progress)
    desk.answer(
        {"name": arguments.name, **_version_facts(version)},
        f"{arguments.name}: the map of {version.rows:,} pictures is drawn",
    )
    return 0


COMMANDS: Mapping[str, Callable[[argparse.Namespace, Desk], int]] = {
    "import": run_import,
    "collections": run_collections,
    "undo": run_undo,
    "remove": run_remove,
    "map": run_map,
}


def facts(report: Report) -> dict[str, Any]:
    """Return a report as plain data."""
    page = asdict(report) | {"rate": round(report.rate, 2), "seconds": round(report.seconds, 2)}
    page["twins"] = [{"key": key, "same_as": twin} for key, twin in report.twins]
    page["unread"] = [{"key": key, "reason": reason} for key, reason in report.unread]
    return page


def _importer(arguments: argparse.Namespace, shelf: Shelf, desk: Desk) -> Importer:
    if arguments.engine == "plain":
        return Importer(shelf, desk.load(), captions=arguments.captions)
    path = Path(os.path.expanduser(arguments.source))
    return ClusterImporter(
        shelf,
        desk.load(),
        desk.load,
        source=str(path.resolve()) if path.exists() else arguments.source,
        workers=arguments.workers or os.cpu_count() or 1,
        captions=arguments.captions,
    )


def _draw(arguments: argparse.Namespace, shelf: Shelf, report: Report, desk: Desk) -> None:
    """Draw the true map, where the collection has but the simple one; it is no loss if it fails."""
    if arguments.simple_map or not report.pictures or not shelf.wants_map(report.name):
        return
    try:
        shelf.draw_map(report.name, desk.progress)
    except CollectionError as error:
        desk.remark(str(error))


def _line(report: Report) -> str:
    if not report.pictures:
        return f"{report.name}: no picture could be read, so there is no such collection"
    parts = [f"{report.added:,} pictures added"]
    parts += [f"{report.present:,} were there"] if report.present else []
    parts += [f"{report.updated:,} updated"] if report.updated else []
    parts += [f"{report.captioned:,} captioned"] if report.captioned else []
    parts += [f"{len(report.unread):,} unreadable"] if report.unread else []
    return f"{report.name}: {', '.join(parts)}; {report.pictures:,} in all"


def _standing_line(one: Standing) -> str:
    state = "" if one.complete else ", not complete: run its import again"
    size = f"{one.bytes / 1e6:,.1f} MB"
    return f"{one.name}: {one.pictures:,} pictures, {size}, version {one.version}{state}"


def _version_facts(version: Version) -> dict[str, Any]:
    return {
        "version": version.number,
        "pictures": version.rows,
        "what": version.what,
        "time": version.time,
        "map": version.kind,
    }


def _version_line(version: Version) -> str:
    return f"{version.number}: {version.what}, {version.rows:,} pictures, {version.time}"
