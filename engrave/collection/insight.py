"""What the map learns of itself, trust and clusters: worked out once, kept in a small file.

A file belongs to one state of one collection; names that a person gave belong to all its states.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np

from engrave.collection.clusters import Cluster, describe_clusters, find_clusters
from engrave.collection.collection import Collection
from engrave.collection.names import (
    Given,
    home_of,
    names_path,
    read_names,
    settled,
    write_names,
)
from engrave.collection.trust import trust
from engrave.errors import CollectionError

NOWHERE = Path(os.devnull) / "engrave"  # nothing can be kept there; whoever tries is told of it
FORMAT = 1
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True, eq=False)
class Insight:
    """Trust and clusters of a map."""

    trust_N: np.ndarray  # float32, from 0 to 1
    labels_N: np.ndarray  # int16; -1 lies in no cluster
    clusters: tuple[Cluster, ...]


def home() -> Path:
    """Return the folder for what the app works out: $ENGRAVE_HOME, else the user's cache."""
    named = os.environ.get("ENGRAVE_HOME")
    try:
        return Path(named) if named else Path.home() / ".cache" / "engrave"
    except RuntimeError:  # a user that the system does not know
        return NOWHERE


class Insights:
    """Works an insight out when it is first asked for, and keeps it with its names on disk."""

    def __init__(self, collection: Collection, folder: Path | None = None) -> None:
        self.collection = collection
        self.folder = folder or home() / "maps"
        self._lock = Lock()  # who asks second waits for the first
        self._found: Insight | None = None

    def get(self) -> Insight:
        """Return the insight with the names that were given; the first call may take seconds."""
        with self._lock:
            if self._found is None:
                self._found = self._read() or self._work_out()
            return self._named(self._found)

    def rename(self, number: int, name: str) -> Insight:
        """Give a cluster a name of one's own, or an empty one to have the found name back."""
        found = self.get()
        if not 0 <= number < len(found.clusters):
            raise CollectionError(
                f"There is no cluster {number}; the map has {len(found.clusters)}."
            )
        name = " ".join(name.split())
        if len(name) > LONGEST_NAME:
            raise CollectionError(
                f"This name has {len(name)} characters; a cluster takes up to {LONGEST_NAME}."
            )
        with self._lock:
            labels = self._labels(found)
            given = [one for one in self._given(found) if _label(one, labels) != number]
            if name:
                members = tuple(id for id, label in labels.items() if label == number)
                given.append(Given(name, members))
            write_names(self._names_path, given)
            self._path("names.json").unlink(missing_ok=True)  # its names are in the other now
        return self.get()

    def keep(self, found: Insight) -> None:
        """Write an insight to its file, whole or not at all."""
        path = self._path("insight.npz")
        rows = [[one.name, one.medoid, one.size] for one in found.clusters]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as scratch:
                page = np.array(json.dumps(rows))
                np.savez(scratch, trust=found.trust_N, labels=found.labels_N, clusters=page)
            os.replace(scratch.name, path)
        except OSError:
            return  # a disk that cannot be written to costs some seconds at the next start

    @cached_property
    def key(self) -> str:
        """What changes where places, embeddings or captions change; names the files."""
        digest = hashlib.sha256(f"{FORMAT} {len(self.collection)}".encode())
        digest.update(self.collection.places.tobytes())
        digest.update(self.collection.embeddings.tobytes())
        digest.update("\n".join(item.caption for item in self.collection.items).encode())
        return digest.hexdigest()[:20]

    def _work_out(self) -> Insight:
        collection = self.collection
        labels = find_clusters(collection.places).astype(np.int16)
        captions = [item.caption for item in collection.items]
        clusters = tuple(describe_clusters(labels, captions, collection.embeddings))
        found = Insight(trust(collection.embeddings, collection.places), labels, clusters)
        self.keep(found)
        return found

    def _read(self) -> Insight | None:
        try:
            with np.load(self._path("insight.npz"), allow_pickle=False) as kept:
                rows = json.loads(str(kept["clusters"]))
                clusters = tuple(Cluster(*row) for row in rows)
                return Insight(kept["trust"], kept["labels"], clusters)
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            return None  # not there, or damaged: it is worked out anew

    def _named(self, found: Insight) -> Insight:
        names = settled(self._given(found), self._labels(found))
        clusters = (
            replace(one, name=names.get(k, one.name)) for k, one in enumerate(found.clusters)
        )
        return replace(found, clusters=tuple(clusters))

    def _labels(self, found: Insight) -> dict[str, int]:
        """Return the cluster of each engraving by its id."""
        ids = (item.id for item in self.collection.items)
        return dict(zip(ids, found.labels_N.tolist(), strict=True))

    def _given(self, found: Insight) -> list[Given]:
        """Return all names of the collection, with those of a file that knew clusters by number."""
        try:
            page = json.loads(self._path("names.json").read_text(encoding="utf-8"))
            numbered = {int(number): str(name) for number, name in page.items()}
        except (OSError, ValueError, AttributeError):
            numbered = {}
        labels = self._labels(found) if numbered else {}
        old = [
            Given(name, tuple(id for id, label in labels.items() if label == number))
            for number, name in sorted(numbered.items())
        ]
        return [*old, *read_names(self._names_path)]

    @property
    def _names_path(self) -> Path:
        return names_path(self.folder, self.collection.label.name)

    def _path(self, name: str) -> Path:
        return self.folder / f"{self.key}-{name}"


def _label(given: Given, labels: dict[str, int]) -> int | None:
    """Return the number of the cluster that a name belongs to, None where there is none."""
    home = home_of(given, labels)
    return home[0] if home else None
