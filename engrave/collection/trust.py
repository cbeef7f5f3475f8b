"""Says how far the map can be believed: which of a point's true neighbours lie near it there.

Shapes: N engravings, E width of the embedding, K true neighbours.
"""

from __future__ import annotations

import numpy as np

from engrave.progress import Progress, tell

TRUE = 15  # neighbours in the embedding that a point is asked for
NEAR = 50  # points of the map that count as near it
CELLS = 8_000_000  # cosines held at once, so that 100,000 engravings need no 40 GB


def true_neighbours(
    embeddings_NE: np.ndarray, num: int = TRUE, progress: Progress | None = None
) -> np.ndarray:
    """Return the rows (N, K) of highest cosine to each row, itself left out, in no order."""
    count = len(embeddings_NE)
    num = min(num, max(count - 1, 0))
    found = np.zeros((count, num), np.int64)
    block = max(1, CELLS // max(count, 1))
    for start in range(0, count, block):
        tell(progress, start / count, f"Neighbours of {start:,} of {count:,} pictures")
        cosines = embeddings_NE[start : start + block] @ embeddings_NE.T
        rows = np.arange(len(cosines))
        cosines[rows, start + rows] = -np.inf
        found[start : start + block] = np.argpartition(-cosines, num - 1, axis=1)[:, :num]
    return found


def trust(embeddings_NE: np.ndarray, xy_N2: np.ndarray, *, near: int = NEAR) -> np.ndarray:
    """Return for each point the share of its true neighbours among the `near` nearest on the map.

    The share (N,), float32, runs from 0 (the map tore it away) to 1.
    """
    from sklearn.neighbors import NearestNeighbors  # a second to import: only who asks pays

    count = len(xy_N2)
    if count < 2:
        return np.ones(count, np.float32)
    near = min(near, count - 1)
    search = NearestNeighbors(n_neighbors=near).fit(xy_N2)
    shown = search.kneighbors(return_distance=False)
    true = true_neighbours(embeddings_NE)
    kept = [np.isin(one, other).mean() for one, other in zip(true, shown, strict=True)]
    return np.array(kept, np.float32)
