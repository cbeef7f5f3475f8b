"""Finds the nearest among very many embeddings by an index in LanceDB (inverted lists).

Below the limit a matrix product in memory is exact, and fast enough. Shapes: E width of the
embedding.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from lancedb.table import Table

IN_MEMORY = 100_000  # pictures, above which the index answers
COLUMN = "embedding"
SAMPLED = 64  # vectors for each list, from which its centre is learnt
ROUNDS = 15  # of k-means
PROBED = 0.03  # share of the lists that a question looks into
FEWEST_PROBED = 10
REFINED = 4  # times as many as asked for are measured again by their true vectors


def lists_for(count: int) -> int:
    """Return how many lists an index of that many vectors has."""
    return max(1, round(math.sqrt(count)))


def build_index(table: Table) -> None:
    """Make the index of a table, or make it anew, as one commit."""
    from lancedb.index import IvfSq  # 8 bits a number: a quarter of the size, hardly a miss

    config = IvfSq(
        distance_type="cosine",
        num_partitions=lists_for(table.count_rows()),
        max_iterations=ROUNDS,
        sample_rate=SAMPLED,
    )
    table.create_index(COLUMN, config=config, replace=True)


def nearest(table: Table, embedding_E: np.ndarray, num: int) -> tuple[list[int], np.ndarray]:
    """Return row ids and cosines of about the nearest, nearest first.

    What was added since the index was made is compared one by one, so that nothing is missed.
    """
    asked: Any = table.search(np.asarray(embedding_E, np.float32), vector_column_name=COLUMN)
    probes = max(FEWEST_PROBED, round(PROBED * lists_for(table.count_rows())))
    asked = asked.distance_type("cosine").nprobes(probes).refine_factor(REFINED)
    found = asked.with_row_id(True).select(["_distance"]).limit(num).to_arrow()
    cosines = 1 - found["_distance"].to_numpy()
    return found["_rowid"].to_pylist(), cosines.astype(np.float32)
