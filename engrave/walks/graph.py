"""Finds ways over real engravings: shortest paths in the graph of nearest neighbours.

Shapes: N engravings, E width of the embedding, K neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from engrave.collection import Collection
from engrave.collection.trust import true_neighbours
from engrave.errors import CollectionError

if TYPE_CHECKING:  # its graphs take a while to import: only who asks for a way pays
    from scipy.sparse import csr_array

NEIGHBOURS = 12
MOST_STOPS = 4  # engravings between two keyframes; a longer way is thinned evenly
SAME = 0.999  # cosine above which an end is the engraving itself

_graphs: WeakKeyDictionary[Collection, csr_array] = WeakKeyDictionary()


def stops_between(collection: Collection, a_E: np.ndarray, b_E: np.ndarray) -> list[int]:
    """Return rows of engravings on the way from one embedding to another, neither end among them.

    The way runs from the engraving nearest to a to that nearest to b over neighbours in the
    embedding; an edge is as long as 1 - cosine, so that many short steps beat one long one.
    """
    if len(collection) < 2:
        raise CollectionError(
            "A way along real engravings needs a collection of 2 or more; choose another mode."
        )
    embeddings = collection.embeddings
    ends = [(int(np.argmax(embeddings @ one)), one) for one in (a_E, b_E)]
    way = shortest(graph_of(collection), ends[0][0], ends[1][0])
    # an end itself, or its double, would be a step on the spot
    like = np.maximum(embeddings[way] @ a_E, embeddings[way] @ b_E)
    way = [row for row, cosine in zip(way, like.tolist(), strict=True) if cosine <= SAME]
    if len(way) <= MOST_STOPS:
        return way
    chosen = np.linspace(0, len(way) - 1, MOST_STOPS + 2)[1:-1]
    return [way[round(float(place))] for place in chosen]


def graph_of(collection: Collection) -> csr_array:
    """Return the graph (N, N) of a collection, made once."""
    if collection not in _graphs:
        _graphs[collection] = neighbour_graph(collection.embeddings)
    return _graphs[collection]


def neighbour_graph(embeddings_NE: np.ndarray, num: int = NEIGHBOURS) -> csr_array:
    """Return the lengths of edges to the K nearest; more where the graph falls apart with fewer."""
    from scipy.sparse import coo_array, csr_array
    from scipy.sparse.csgraph import connected_components

    count = len(embeddings_NE)
    while True:
        near_NK = true_neighbours(embeddings_NE, num)
        rows = np.repeat(np.arange(count), near_NK.shape[1])
        columns = near_NK.ravel()
        cosines = np.einsum("ne,ne->n", embeddings_NE[rows], embeddings_NE[columns])
        lengths = np.maximum(1.0 - cosines, 1e-6)  # scipy takes 0 for no edge
        graph = csr_array(coo_array((lengths, (rows, columns)), shape=(count, count)))
        graph = graph.maximum(graph.T)
        if near_NK.shape[1] >= count - 1 or connected_components(graph, directed=False)[0] == 1:
            return graph
        num *= 2


def shortest(graph: csr_array, first: int, last: int) -> list[int]:
    """Return the rows of the shortest way, both ends included."""
    from scipy.sparse.csgraph import dijkstra

    _, before = dijkstra(graph, directed=False, indices=first, return_predecessors=True)
    way = [last]
    while way[-1] != first:
        way.append(int(before[way[-1]]))
    return way[::-1]
