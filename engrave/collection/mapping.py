"""Lays embeddings out on a plane: a first map at once, a true one after a while, newcomers on both.

Shapes: N engravings, M newcomers, E width of the embedding.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import warnings
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

import numpy as np

from engrave.collection.trust import true_neighbours
from engrave.collection.vectors import unit
from engrave.errors import CollectionError
from engrave.progress import Progress, part, tell

PLACED_BY = 8  # neighbours that pull a new picture to its place on the map
PULL = 20.0  # a neighbour pulls e times more for each 0.05 of cosine
NEIGHBOURS = 15  # that UMAP keeps together, the point itself among them
FEWEST = 50  # engravings, below which UMAP has nothing to show that PCA has not
SAMPLE = 50_000  # engravings that UMAP is fitted on; the others are placed among them
COMPONENTS = 50  # that PCA leaves to UMAP
SPREAD = 5.0  # standard deviation of a first map, about that of a UMAP
CELLS = 8_000_000  # cosines held at once
POLL_S = 0.2
# where stages of a map end, as shares of its time (7,497 engravings on two cores)
READY, FOUND, LINKED = 0.15, 0.25, 0.6


def pulled(cosines_N: np.ndarray, xy_N2: np.ndarray) -> tuple[float, float]:
    """Return the weighted mean place of the nearest; the nearest pull most."""
    num = min(PLACED_BY, len(cosines_N))
    rows = np.argpartition(-cosines_N, num - 1)[:num]
    weights = np.exp(PULL * (cosines_N[rows] - cosines_N[rows].max()))
    x, y = weights @ xy_N2[rows] / weights.sum()
    return float(x), float(y)


def placed_among(fresh_ME: np.ndarray, embeddings_NE: np.ndarray, xy_N2: np.ndarray) -> np.ndarray:
    """Return places (M, 2) for newcomers on a map whose points stay where they are."""
    found = np.zeros((len(fresh_ME), 2), np.float32)
    block = max(1, CELLS // max(len(embeddings_NE), 1))
    for start in range(0, len(fresh_ME), block):
        cosines = fresh_ME[start : start + block] @ embeddings_NE.T
        found[start : start + block] = [pulled(row, xy_N2) for row in cosines]
    return found


def pca_places(embeddings_NE: np.ndarray) -> np.ndarray:
    """Return the two principal components (N, 2) of embeddings: a map that costs no waiting."""
    reduced = _components(embeddings_NE, 2)
    return np.asarray(reduced * (SPREAD / max(float(reduced.std()), 1e-9)), np.float32)


class _Rounds:
    """What UMAP's bar writes to: how many rounds of how many are done."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def write(self, text: str) -> None:
        """Take one state of the bar."""
        done, _, of = text.strip().partition("/")
        if done.isdigit() and of.isdigit() and int(of):
            tell(self._progress, int(done) / int(of), f"Round {done} of {of} of the map")

    def flush(self) -> None:
        """Have nothing left to write."""


def umap_places(embeddings_NE: np.ndarray, progress: Progress | None = None) -> np.ndarray:
    """Return UMAP coordinates (N, 2), the same each time; PCA first, as it keeps what matters and
    saves time."""
    if len(embeddings_NE) < 16:
        return pca_places(embeddings_NE)
    tell(progress, 0.0, "Getting ready for the map")
    from umap import UMAP  # takes seconds to import and to compile: only who maps pays

    reduced = _components(embeddings_NE, COMPONENTS)
    mapper = UMAP(
        n_neighbors=NEIGHBOURS,
        min_dist=0.12,
        metric="cosine",
        random_state=7,
        n_jobs=1,
        # exact ones: to compile the search for good guesses would cost three times the rest
        precomputed_knn=_with_neighbours(reduced, part(progress, READY, FOUND)),
        tqdm_kwds={
            "disable": progress is None,
            "file": _Rounds(part(progress, LINKED, 1.0)),
            "bar_format": "{n}/{total}",
        },
    )
    tell(progress, FOUND, "Linking the neighbours")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="precomputed_knn", category=UserWarning)
        return np.asarray(mapper.fit_transform(reduced), np.float32)


def _with_neighbours(
    rows_NE: np.ndarray, progress: Progress | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return each row and its nearest, (N, NEIGHBOURS) rows and 1 - cosine, itself first."""
    unit_NE = unit(rows_NE)
    others = true_neighbours(unit_NE, NEIGHBOURS - 1, progress)
    cosines = np.einsum("nke,ne->nk", unit_NE[others], unit_NE)
    order = np.argsort(-cosines, axis=1, kind="stable")
    found = np.column_stack([np.arange(len(rows_NE)), np.take_along_axis(others, order, 1)])
    apart = 1 - np.column_stack([np.ones(len(rows_NE)), np.take_along_axis(cosines, order, 1)])
    return found, np.maximum(apart, 0).astype(np.float32)


def umap_aside(embeddings_NE: np.ndarray, progress: Progress | None = None) -> np.ndarray:
    """Return what `umap_places` does, from a process of its own, so that nothing here waits for its
    compiler; of very many, a sample is mapped and the others are placed among it.

    Raises CollectionError where the process fails, and whatever the listener raises.
    """
    count = len(embeddings_NE)
    rows = np.unique(np.linspace(0, count - 1, min(SAMPLE, count)).astype(int))
    with tempfile.TemporaryDirectory(prefix="engrave-map-") as scratch:
        asked, answer = Path(scratch) / "embeddings.npy", Path(scratch) / "places.npy"
        np.save(asked, embeddings_NE[rows])
        _run([str(asked), str(answer)], progress)
        places = np.load(answer)
    if len(rows) == count:
        return places
    found = placed_among(embeddings_NE, embeddings_NE[rows], places)
    found[rows] = places
    return found


def _run(arguments: list[str], progress: Progress | None) -> None:
    code = "from engrave.collection.mapping import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    start = time.monotonic()
    said, complaints = deque(["0 Drawing the map"], maxlen=1), deque[str](maxlen=100)
    # both are read all the time, else a full pipe would hold the process up
    listening = [
        Thread(target=kept.extend, args=[stream], daemon=True)
        for kept, stream in ((said, process.stdout), (complaints, process.stderr))
    ]
    with process:
        for one in listening:
            one.start()
        try:
            while process.poll() is None:
                share, _, words = said[0].strip().partition(" ")
                tell(progress, float(share), f"{words}, {time.monotonic() - start:.0f} s so far")
                time.sleep(POLL_S)
        finally:
            process.kill()  # nothing, where it has ended
            for one in listening:
                one.join()
    if process.returncode:
        raise CollectionError(
            f"The map could not be drawn ({_last(complaints)}); "
            "the simple one stays. Draw it again later."
        )


def _last(lines: Sequence[str]) -> str:
    return next((one.strip() for one in reversed(lines) if one.strip()), "the process was ended")


def _components(rows_NE: np.ndarray, num: int) -> np.ndarray:
    """Return the first principal components (N, num) of rows, zeros where there are fewer."""
    if not len(rows_NE):
        return np.zeros((0, num), np.float32)
    mean = rows_NE.mean(axis=0, dtype=np.float32)
    some = rows_NE[:: max(1, len(rows_NE) // SAMPLE)] - mean
    _, vectors = np.linalg.eigh(some.T @ some)
    axes = vectors[:, ::-1][:, :num]
    # a direction may point either way: the largest entry of each is made positive
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    found = np.zeros((len(rows_NE), num), np.float32)
    found[:, : axes.shape[1]] = (rows_NE - mean) @ axes
    return found


def main() -> None:
    """Read embeddings from one file and write their places to another, telling how far it is."""
    asked, answer = sys.argv[1:]
    pipe, sys.stdout = sys.stdout, sys.stderr  # whoever else prints is not understood there

    def say(share: float, words: str) -> None:
        print(f"{share:.3f} {words}", file=pipe, flush=True)

    np.save(answer, umap_places(np.load(asked), say))
