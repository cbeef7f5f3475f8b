"""Names that a person gave to clusters, each kept with the engravings that it was given to.

So a name finds its cluster again after an import, an edit or another map. Knows no map.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from engrave.errors import CollectionError
from engrave.whole import whole_file

MOST_GIVEN = 2_000  # names in one file; the oldest go first


@dataclass(frozen=True, slots=True)
class Given:
    """One name, and the ids of the engravings that were in the cluster when it was given."""

    name: str
    members: tuple[str, ...]


def names_path(folder: Path, collection: str) -> Path:
    """Return the file of a collection's names: the same for all its versions."""
    return folder / f"names-{hashlib.sha256(collection.encode()).hexdigest()[:20]}.json"


def read_names(path: Path) -> list[Given]:
    """Return the names of a file as they were given, none where it is damaged."""
    try:
        page = json.loads(path.read_text(encoding="utf-8"))
        return [Given(str(one["name"]), tuple(map(str, one["members"]))) for one in page["names"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def write_names(path: Path, given: Sequence[Given]) -> None:
    """Write a file whole or not at all."""
    text = json.dumps({"names": [asdict(one) for one in given[-MOST_GIVEN:]]}, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as scratch:
            scratch.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CollectionError(
            f"The name could not be saved in {path.parent}; make this folder writable, "
            "or let $ENGRAVE_HOME name another."
        ) from error


def home_of(given: Given, labels: Mapping[str, int]) -> tuple[int, int] | None:
    """Return the cluster that holds most of the engravings a name was given to, and how many.

    `labels` says of each engraving in which cluster it is, -1 for none. Where no cluster holds half
    of those that are still there, the name has none.
    """
    present = [labels[id] for id in given.members if id in labels]
    counts = Counter(label for label in present if label >= 0)
    if not counts:
        return None
    label, shared = min(counts.items(), key=lambda one: (-one[1], one[0]))
    return (label, shared) if 2 * shared >= len(present) else None


def settled(given: Sequence[Given], labels: Mapping[str, int]) -> dict[int, str]:
    """Return the name of each cluster that has one; of two for one, that which shares more."""
    found: dict[int, tuple[int, str]] = {}
    for one in given:
        home = home_of(one, labels)
        if home and home[1] >= found.get(home[0], (0, ""))[0]:
            found[home[0]] = home[1], one.name
    return {label: name for label, (_, name) in found.items()}
