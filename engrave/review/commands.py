"""What the command line does with a project: caption into it, decide, read in and write out."""

from __future__ import annotations

import argparse
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryFile

from engrave.engine import Engine
from engrave.errors import ReviewError
from engrave.review.captioning import Step, caption_all, key_of
from engrave.review.deciding import Wake, reviewed
from engrave.review.exports.archives import Pictures, folder_pictures
from engrave.review.exports.formats import format_named, meant, read_back
from engrave.review.exports.rows import mark_of
from engrave.review.inscriptions import check_reader, read_inscriptions
from engrave.review.project import Project, append, merged, read_project, taken_in
from engrave.review.record import DECIDED, LABELS, Record
from engrave.review.style import Style, style_from_json
from engrave.review.vocabulary import read_terms
from engrave.whole import whole_file


def open_project(path: Path | None) -> Project:
    """Return the project of a file, or an empty one where there is none yet."""
    if path is None or not path.exists():
        return Project()
    return read_project(path.read_bytes())


def caption_files(engine: Engine, arguments: argparse.Namespace) -> Iterator[Step]:
    """Caption files into a project that each is written to at once, so that stopping loses nothing;
    at the end write the export that was asked for."""
    project = open_project(arguments.project)
    project.restyle(_style(project.style, arguments))
    if arguments.printed_words:
        check_reader()
    reader = read_inscriptions if arguments.printed_words else None
    steps = caption_all(engine, project, arguments.files, again=arguments.again, reader=reader)
    keep = _keeper(project, arguments.project)
    for step in steps:
        if step.new and step.record is not None:
            keep(step.record)
        yield step
    if arguments.export:
        write_export(project, arguments, arguments.files)


def _keeper(project: Project, path: Path | None) -> Callable[[Record], None]:
    """Return what keeps a new record: the first with all others, as the house style may be another
    one, each further one behind them."""
    begun = False

    def keep(record: Record) -> None:
        nonlocal begun
        if path is None:
            return
        if begun:
            append(record, path)
        else:
            project.save(path)
        begun = True

    return keep


def review_project(
    arguments: argparse.Namespace, wake: Wake, remark: Callable[[str], None]
) -> list[Record]:
    """Do what was asked for with a project and save it; return the records that were meant."""
    project = open_project(arguments.project)
    if arguments.read is not None:
        records = read_back(arguments.read.read_bytes(), arguments.read.name)
        remark(taken_in(merged(project, records), len(records)))
    elif not len(project):
        raise ReviewError(f"{arguments.project} holds no captions; caption pictures into it first.")
    texts = {name: getattr(arguments, name) for name in LABELS if getattr(arguments, name)}
    chosen = reviewed(
        project, arguments.names, texts=texts, decision=arguments.decide or "",
        reviewer=arguments.reviewer or "", wake=wake, only=_only(arguments.only),
    )  # fmt: skip
    if texts or arguments.decide or arguments.read is not None:
        project.save(arguments.project)
    if arguments.export:
        folder = arguments.pictures
        found = sorted(path for path in folder.rglob("*") if path.is_file()) if folder else []
        write_export(project, arguments, found)
    return chosen


def write_export(project: Project, arguments: argparse.Namespace, pictures: Iterable[Path]) -> None:
    """Write an export to a file, or a ZIP's parts to a folder where the name has no ending."""
    form = format_named(arguments.export)
    records = meant(list(project), arguments.all)
    files = _pictures(records, pictures) if form.needs_pictures else folder_pictures({})
    out = arguments.out or Path(f"captions{form.suffix}")
    if form.suffix.endswith(".zip") and not out.suffix:
        with TemporaryFile() as scratch:
            form.write(records, files, arguments.canvas or "", scratch)
            with zipfile.ZipFile(scratch) as archive:
                archive.extractall(out)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(out) as scratch_path, scratch_path.open("wb") as file:
        form.write(records, files, arguments.canvas or "", file)


def line_of_record(record: Record) -> str:
    """Return a record as a line to read."""
    by = f", {record.reviewer}" if record.state in DECIDED else ""
    return f"{record.key[:8]}  {record.state + by:<20}  {record.file}: {record.caption}"


def page_of(record: Record) -> dict[str, object]:
    """Return a record as plain data, with its mark."""
    return record.as_json() | {"mark": mark_of(record)}


def _only(names: str | None) -> list[str]:
    return [name.strip() for name in (names or "").split(",") if name.strip()]


def _style(style: Style, arguments: argparse.Namespace) -> Style:
    """Return the house style that was named, or the project's own."""
    page = style.as_json()
    if arguments.style is not None:
        try:
            page = json.loads(arguments.style.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            raise ReviewError(f"{arguments.style} is no JSON; write an object into it.") from error
    if arguments.vocabulary is not None:
        page = page | {"terms": read_terms(arguments.vocabulary.read_bytes())}
    return style_from_json(page)


def _pictures(records: list[Record], paths: Iterable[Path]) -> Pictures:
    """Return a reader of the pictures among these files, known by what is in them."""
    names = {record.file for record in records}
    likely = sorted(paths, key=lambda path: path.name not in names)  # by name first: less to read
    wanted = {record.key for record in records}
    found: dict[str, Path] = {}
    for path in likely:
        if wanted <= found.keys():
            break
        found.setdefault(key_of(path.read_bytes()), path)
    return folder_pictures(found)
