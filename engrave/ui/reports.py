"""Has training reports made, each in a process of its own: a log from outside can then exhaust
neither the page's memory nor its patience."""

import json
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engrave.errors import DataError, SourceError
from engrave.sources import archive
from engrave.ui.files import MADE, file_url, new_path
from engrave.ui.views import View
from engrave.ui.visitors import came_in

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("report.html", "report.md", "report.json")
LIMIT_S = 180
LOOK_EVERY_S = 0.25
MAX_MEMBERS = 2_000
MAX_UNPACKED_BYTES = 500_000_000
LOGS = ("log.jsonl", "*.wandb", "*tfevents*", "*.db", "*.jsonl", "*.csv")  # in order of trust
GRADES = ("fail", "warn", "note", "open")
MEGA = 1_000_000


def checked_log(path: object) -> Path:
    """Return the path of an upload; raises DataError for a file that was not uploaded here."""
    if not isinstance(path, str) or not path:
        raise DataError("There is no log yet; drop a file in the frame.")
    found = came_in(path)
    if found is None:
        raise DataError("This file was not uploaded here; drop the log in the frame.")
    return found


def unpacked(path: Path, folder: Path) -> Path:
    """Return where the log lies: a copy of the file, or in what a ZIP of a run's folder holds."""
    folder.mkdir(parents=True)
    if not zipfile.is_zipfile(path):
        return Path(shutil.copy(path, folder / path.name))
    try:
        with archive.opened(path) as packed:
            _refuse_large(path.name, packed)
            for member in packed.infolist():
                packed.extract(member, folder)  # which drops .. and leading slashes
    except SourceError as error:
        raise DataError(str(error)) from error
    except (*archive.DAMAGE, OSError) as error:
        raise DataError(
            f"{path.name} cannot be unpacked; pack the folder of the run anew as a plain ZIP "
            "without a password."
        ) from error
    return found_in(folder, path.name)


def _refuse_large(name: str, packed: zipfile.ZipFile) -> None:
    members = packed.infolist()
    size = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or size > MAX_UNPACKED_BYTES:
        raise DataError(
            f"{name} holds {len(members):,} files of {size / MEGA:,.0f} MB together; at most "
            f"{MAX_MEMBERS:,} and {MAX_UNPACKED_BYTES / MEGA:,.0f} MB are unpacked: pack the log "
            "alone, without checkpoints."
        )
    if not all(map(archive.is_plain, members)):
        raise DataError(f"{name} is packed in an unusual way; pack it the ordinary way (deflate).")


def found_in(folder: Path, name: str) -> Path:
    """Return the log in a folder of a run; raises DataError where there is none."""
    for pattern in LOGS:
        for path in sorted(folder.rglob(pattern)):
            if not path.is_file() or path.name == "metadata.jsonl":
                continue
            if pattern == "*tfevents*":  # one run may lie in several folders
                return folder
            return path.parent if pattern == "*.wandb" else path
    raise DataError(
        f"{name} holds no log; pack a log.jsonl, a CSV, an offline run of Weights & Biases, a "
        "TensorBoard folder or a trackio database."
    )


def report_on(upload: object) -> Iterator[View]:
    """Have an uploaded log judged; yield how long it takes, then the report."""
    path = checked_log(upload)
    home = new_path("report")
    home.mkdir()
    try:
        yield {"pending": f"Reading {path.name} …"}
        log = unpacked(path, home / "unpacked" / "uploaded run")
        yield from made(log, home, path.name)
    finally:
        shutil.rmtree(home / "unpacked", ignore_errors=True)
    MADE.update(str((home / name).resolve()) for name in NAMES)
    yield view_of(home, path.name)


def made(log: Path, out: Path, name: str) -> Iterator[View]:
    """Write a report to a folder; yield how long it takes. Raises DataError for what is no log."""
    command = [sys.executable, "-m", "train", "report", "--run", str(log), "--out", str(out)]
    home = log if log.is_dir() else log.parent
    if (home / "evaluation.json").is_file():
        command += ["--evaluation", str(home / "evaluation.json")]
    if not (ROOT / "train").is_dir():
        raise DataError("The report's code is not installed here; run the app from its repository.")
    start = time.monotonic()
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as run:
        try:
            while run.poll() is None:
                _wait(run)
                seconds = time.monotonic() - start
                if seconds > LIMIT_S:
                    raise DataError(
                        f"{name} took longer than {LIMIT_S} seconds to read; thin it out, or run "
                        "`python -m train report` on your own machine."
                    )
                yield {"pending": f"Judging {name}: {seconds:.0f} s …"}
        finally:
            run.kill()
        said = run.stderr.read() if run.stderr else ""
    if run.returncode:
        raise DataError(_reason(said, log.name, name))


def _wait(run: subprocess.Popen[str]) -> None:
    try:
        run.wait(LOOK_EVERY_S)
    except subprocess.TimeoutExpired:
        return


def _reason(said: str, inner: str, name: str) -> str:
    """Return the sentence that the report gave; one that nobody foresaw becomes a plain one."""
    last = said.strip().splitlines()[-1:]
    if last and last[0].startswith("train: "):
        return last[0].removeprefix("train: ").replace(inner, name, 1)
    return (
        f"{name} could not be judged; give JSON lines, a CSV of a run's history, or a ZIP of a "
        "tracker's folder."
    )


def view_of(folder: Path, name: str) -> View:
    """Return what the page shows of a report."""
    held: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    overall = held["overall"]
    bad = [one for one in held["verdicts"] if one["grade"] in GRADES]
    return {
        "name": name,
        "grade": overall["grade"],
        "word": overall["word"],
        "why": overall["why"],
        "verdicts": [_verdict(one) for one in sorted(bad, key=lambda v: GRADES.index(v["grade"]))],
        "advice": [f"{one['do']} Because: {one['because']}" for one in held["recommendations"]],
        "files": {one.rpartition(".")[2]: file_url(folder / one) for one in NAMES},
    }


def _verdict(one: dict[str, Any]) -> dict[str, str]:
    place = " ".join(part for part in (one["stage"], one["subject"]) if part)
    title = f"{one['title']} ({place})" if place else str(one["title"])
    return {"grade": one["grade"], "title": title, "says": one["says"]}
