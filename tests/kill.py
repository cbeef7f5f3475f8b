"""Kills writers at random moments: `python -m tests.kill 50`.

What they wrote must be the old state or the new one, whole.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from engrave.checkpoint import from_pretrained, save_pretrained
from engrave.collection import Collection
from engrave.review.project import Project, append, read_project
from engrave.review.record import Machine, Record
from engrave.vectors import write_vectors
from engrave.video import write_gif
from engrave.walks import Keyframe, Recipe
from engrave.walks.packing import finished, write_walk
from engrave.walks.walker import Walker
from tests.fake_studio import FakeStudio, latent_from
from tests.killed_import import killed_imports
from tests.tiny import tiny_collection, tiny_sprites
from tests.woken import woken_model

STATES = ("old", "new")
IMPORT = "import"


def save_model(path: Path, state: str) -> None:
    """Write a checkpoint."""
    save_pretrained(woken_model(), path, {"version": state})


def save_collection(path: Path, state: str) -> None:
    """Write a collection."""
    tiny_collection(model_version=state).save(path, tiny_sprites())


def save_vectors(path: Path, state: str) -> None:
    """Write an export of vectors."""
    rows = np.ones((2_000, 64), np.float32)
    write_vectors(path, [str(row) for row in range(2_000)], rows, rows, state)


def save_film(path: Path, state: str) -> None:
    """Write a film, whose length is its state."""
    write_gif(
        [Image.new("L", (128, 128), 9 * k) for k in range(4 if state == "old" else 8)], path, 8
    )


def save_frames(path: Path, state: str) -> None:
    """Write the frames of a walk with table, captions and recipe."""
    ends = [latent_from("a"), latent_from("b")]
    recipe = Recipe(
        keyframes=tuple(Keyframe(latent=end) for end in ends), modes=("direct",), frames=5
    )
    walk = Walker(FakeStudio(), Collection(), recipe, ends).walk()
    write_walk(walk, finished(recipe, walk, state), path)


def save_captions(path: Path, state: str) -> None:
    """Write captions as a batch does: a project whole, then record after record behind it."""
    words = f"{state} " * 400
    machine = Machine(caption=words, probability=1, match=1, model_version=state, written="")
    made = [Record(key=str(at), file="a.png", machine=machine) for at in range(100)]
    Project(made[:50]).save(path)
    for record in made[50:]:
        append(record, path)


def state_of_captions(path: Path) -> str:
    """Read a project, of which at most the record that was being written may lack."""
    found = list(read_project(path.read_bytes()))
    (state,) = {record.machine.model_version for record in found}
    assert [int(record.key) for record in found] == list(range(len(found))) and len(found) >= 50
    return state


def state_of_frames(path: Path) -> str:
    """Read an archive of frames to its end."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None and len(archive.namelist()) > 5
        return str(json.loads(archive.read("recipe.json"))["model_version"])


def state_of_vectors(path: Path) -> str:
    """Read an export of vectors to its end."""
    table = pq.read_table(path)
    assert len(table) == 2_000
    return str((table.schema.metadata or {})[b"model_version"].decode())


def state_of_film(path: Path) -> str:
    """Read a film to its end."""
    with Image.open(path) as film:
        film.seek(film.n_frames - 1)  # type: ignore[attr-defined]
        film.load()
        return {4: "old", 8: "new"}[film.n_frames]  # type: ignore[attr-defined]


def state_of_collection(path: Path) -> str:
    """Read a collection with its vectors and last thumbnail."""
    found = Collection.load(path)
    assert found.latents.shape[0] == found.embeddings.shape[0] == len(found)
    found.sprite(len(found) - 1)
    return found.model_version


WRITERS: dict[str, tuple[Callable[[Path, str], None], Callable[[Path], str]]] = {
    "model": (save_model, lambda path: from_pretrained(path).facts["version"]),
    "collection": (save_collection, state_of_collection),
    "vectors.parquet": (save_vectors, state_of_vectors),
    "film.gif": (save_film, state_of_film),
    "captions.jsonl": (save_captions, state_of_captions),
    "frames.zip": (save_frames, state_of_frames),
}


def apart(work: Callable[[], None]) -> int:
    """Start work in a process of its own; return its number."""
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException as error:
        print(f"{error!r}"[:300], flush=True)
        os._exit(1)
    os._exit(0)


def write_for_ever(name: str, path: Path, told: int) -> None:
    """Write new states and old ones in turn until somebody ends it; tell after the first."""
    save, _ = WRITERS[name]
    while True:
        for state in STATES:
            save(path, state)
            os.write(told, b".")


def check(name: str, path: Path) -> None:
    """Read what a writer left."""
    state = WRITERS[name][1](path)
    assert state in STATES, state


def killed(name: str, count: int, seed: int) -> int:
    """Kill a writer some times; return how often what it left was broken.

    This process itself never computes, as threads of torch do not outlive a fork.
    """
    dice, broken = random.Random(seed), 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        for _ in range(count):
            hears, tells = os.pipe()
            writer = apart(lambda: write_for_ever(name, path, tells))  # noqa: B023
            os.close(tells)
            os.read(hears, 1)  # it is in full swing
            time.sleep(dice.uniform(0, 0.3))
            os.kill(writer, signal.SIGKILL)
            os.waitpid(writer, 0)
            os.close(hears)
            broken += os.waitpid(apart(lambda: check(name, path)), 0)[1] != 0
    return broken


def main() -> int:
    """Run from the command line; return 1 where something was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=[*WRITERS, IMPORT], help="what is written")
    asked = parser.parse_args()
    worst = 0
    for name in [asked.only] if asked.only else [*WRITERS, IMPORT]:
        if name == IMPORT:
            broken = killed_imports(asked.count, asked.seed, apart)
        else:
            broken = killed(name, asked.count, asked.seed)
        print(f"{name}: killed {asked.count} times, broken {broken} times", flush=True)
        worst = max(worst, broken)
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
