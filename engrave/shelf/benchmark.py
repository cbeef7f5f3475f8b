"""Measures search among 10,000 to 1,000,000 embeddings: in memory, and by the index in LanceDB.

The vectors are drawn in crowds, as embeddings of pictures lie, and come in blocks, so that the
memory holds no more than a search needs. Shapes: B vectors of a block, Q questions, E width.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from engrave.collection.vectors import unit
from engrave.shelf.index import COLUMN, build_index, nearest

if TYPE_CHECKING:
    from lancedb.table import Table

SIZES = (10_000, 100_000, 1_000_000)
WIDTH = 512
CROWDS = 400
SPREAD = 1.6  # of a crowd round its middle, against 1 between the middles
BLOCK = 20_000
QUESTIONS = 50
NUM = 10  # neighbours asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRow:
    """What was measured with so many vectors; of the index, but for `exact_ms`."""

    vectors: int
    write_s: float
    build_s: float
    query_ms: float  # median
    recall: float  # share of the ten true nearest that it finds
    exact_ms: float  # median of a matrix product in memory, 0 where the vectors were not held
    peak_mb: float  # of the whole process


def measure_search(
    remark: Callable[[str], None], sizes: tuple[int, ...] = SIZES, width: int = WIDTH
) -> Iterator[SearchRow]:
    """Measure one size after the other; the smallest first, as the peak of memory only grows."""
    for count in sizes:
        remark(f"{count:,} vectors ...")
        with tempfile.TemporaryDirectory(prefix="engrave-search-") as scratch:
            yield _measure(Path(scratch), count, width)


def lines(rows: list[SearchRow]) -> list[str]:
    """Return the table as text."""
    head = f"{'vectors':>9} {'write s':>8} {'index s':>8} {'query ms':>9} {'recall@10':>10}"
    found = [f"{head} {'exact ms':>9} {'peak MB':>8}"]
    for row in rows:
        exact = f"{row.exact_ms:9.1f}" if row.exact_ms else f"{'-':>9}"
        found.append(
            f"{row.vectors:9,} {row.write_s:8.1f} {row.build_s:8.1f} {row.query_ms:9.1f} "
            f"{row.recall:10.3f} {exact} {row.peak_mb:8,.0f}"
        )
    return found


def _measure(folder: Path, count: int, width: int) -> SearchRow:
    import lancedb  # seconds to import: only who measures pays

    questions = next(_blocks(QUESTIONS, width, seed=1))
    schema = pa.schema([(COLUMN, pa.list_(pa.float32(), width))])
    table = lancedb.connect(folder).create_table("vectors", schema=schema)
    start = time.perf_counter()
    for block in _blocks(count, width, seed=2):
        flat = pa.array(block.ravel())
        rows = pa.FixedSizeListArray.from_arrays(flat, width)
        table.add(pa.table([rows], schema=schema))
    written = time.perf_counter()
    build_index(table)
    built = time.perf_counter()
    query_ms, found = _ask(table, questions)
    exact_ms, true = _exact(count, width, questions)
    shared = [len(np.intersect1d(one, other)) for one, other in zip(found, true, strict=True)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return SearchRow(
        vectors=count,
        write_s=written - start,
        build_s=built - written,
        query_ms=query_ms,
        recall=sum(shared) / (NUM * len(questions)),
        exact_ms=exact_ms,
        peak_mb=peak / (1e6 if sys.platform == "darwin" else 1e3),
    )


def _blocks(count: int, width: int, seed: int) -> Iterator[np.ndarray]:
    """Yield vectors (B, E) of norm 1; the same crowds whatever the seed."""
    middles = np.random.default_rng(0).normal(size=(CROWDS, width)).astype(np.float32)
    rng = np.random.default_rng(seed)
    for start in range(0, count, BLOCK):
        size = min(BLOCK, count - start)
        noise = rng.standard_normal((size, width), dtype=np.float32)
        yield unit(middles[rng.integers(CROWDS, size=size)] + SPREAD * noise)


def _ask(table: Table, questions_QE: np.ndarray) -> tuple[float, list[np.ndarray]]:
    """Return the median time and the places of what was found, in the order it was written."""
    nearest(table, questions_QE[0], NUM)  # the first one opens files
    times, found = [], []
    for question in questions_QE:
        start = time.perf_counter()
        row_ids, _ = nearest(table, question, NUM)
        times.append(1000 * (time.perf_counter() - start))
        # a row id is the number of the fragment and the place in it; a fragment is a block
        ids = np.array(row_ids, np.int64)
        found.append((ids >> 32) * BLOCK + (ids & 0xFFFFFFFF))
    return statistics.median(times), found


def _exact(count: int, width: int, questions_QE: np.ndarray) -> tuple[float, list[np.ndarray]]:
    """Return the median time of a product with all vectors, and the true nearest."""
    cosines = np.concatenate([questions_QE @ b.T for b in _blocks(count, width, 2)], axis=1)
    true = [np.argsort(-row, kind="stable")[:NUM] for row in cosines]
    if count > 100_000:
        return 0.0, true
    vectors = np.concatenate(list(_blocks(count, width, 2)))
    times = []
    for question in questions_QE:
        start = time.perf_counter()
        row = vectors @ question
        np.argpartition(-row, NUM)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times), true
