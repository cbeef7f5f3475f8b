"""What one visitor has on the desk: a project, the pictures behind it, and what is open."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from engrave.review.captioning import Step, key_of
from engrave.review.project import Project
from engrave.review.record import MACHINE, Record

MOST = 20_000  # pictures of one visit


class Session:
    """Shared by a batch under way and by the person who reviews meanwhile; never copied. No
    dataclass: Gradio would take one apart."""

    def __init__(self) -> None:
        self.project = Project()
        self.queue: list[Path] = []  # dropped, and still to be captioned
        self.seen: set[Path] = set()
        self.paths: dict[str, Path] = {}  # of the pictures, by key
        self.thumbs: dict[str, str] = {}
        self.latents: dict[str, np.ndarray] = {}
        self.opened = ""
        self.which = "all"
        self.page = 0
        self.reviewer = ""
        self.canvas = ""
        self.inscriptions = False  # printed words are read with each caption
        self.running = False
        self.done = 0  # of the batch under way
        self.whole = 0
        self.offered: list[Record] = []  # in the file that was made last
        self.away: dict[str, Record] = {}  # what lies in a file of the visitor's, by key
        self.batch: object = None  # the last that began
        self.used = time.monotonic()  # when it was shown last

    def __deepcopy__(self, memo: dict[int, Any]) -> "Session":
        """Gradio copies what a page begins with for each visit: each gets a desk of their own."""
        return Session()

    def enqueue(self, files: list[Path]) -> list[Path]:
        """Queue the files that were not dropped before, and return them."""
        new = [path for path in files if path not in self.seen][:MOST]
        self.seen.update(new)
        self.queue += new
        return new

    def begin(self) -> object:
        """Begin a batch of what is queued, and return what `end` knows it by."""
        self.running, self.done, self.whole = True, 0, len(self.queue)
        self.batch = object()
        return self.batch

    def end(self, batch: object) -> None:
        """End a batch, unless another has begun while its last picture was read."""
        self.running = self.running and batch is not self.batch

    @contextmanager
    def taken(self) -> Iterator[Path]:
        """Take the next file out of the queue, so that no other batch reads it too; it goes back
        where it could not be captioned."""
        path = self.queue.pop(0)
        try:
            yield path
        except BaseException:
            self.queue.insert(0, path)
            raise

    def keep(self, step: Step, path: Path, thumb: str = "") -> None:
        """Remember what became of a file."""
        if step.record is None:
            return
        key = step.record.key
        self.paths[key] = path
        if thumb:
            self.thumbs[key] = thumb
        if step.answer is not None:
            self.latents[key] = step.answer.latent
        self.opened = self.opened or key

    def take_away(self, records: Iterable[Record]) -> None:
        """Remember that these lie in a file of the visitor's."""
        self.away |= {record.key: record for record in records}

    def loose(self) -> int:
        """Return how many records would be lost with the page; a single picture that nobody worked
        on is captioned again in a moment, and none."""
        found = [one for one in self.project if self.away.get(one.key) != one]
        worked = any(one.state != MACHINE for one in found)
        return len(found) if worked or len(found) > 1 else 0

    def is_empty(self) -> bool:
        """Tell whether nothing was put on the desk."""
        return not (len(self.project) or self.queue or self.project.unread)

    def open_record(self) -> Record | None:
        """Return what is open in the editor."""
        return self.project.get(self.opened)

    def picture(self, record: Record) -> Path | None:
        """Return where a record's picture lies, if it was dropped in this visit."""
        path = self.paths.get(record.key)
        return path if path is not None and path.is_file() else None

    def find_pictures(self) -> None:
        """Match dropped files with records that came from a project, by what is in them."""
        known = set(self.paths.values())
        for path in self.seen - known:
            if path.is_file():
                self.paths.setdefault(key_of(path.read_bytes()), path)
