"""How near a set of drawn pictures comes to a set of real ones, in frozen features.

Shapes: N drawn pictures, M real ones, D width of the features, E width of the match.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

NEIGHBOURS = 5  # that span the manifold around a picture


def kid_values(drawn_ND: Tensor, real_ND: Tensor) -> Tensor:
    """Return what each pair of rows adds to the kernel distance (KID, Binkowski 2018), (N,); the
    mean is the unbiased estimate."""
    drawn, real = drawn_ND.double(), real_ND.double()
    among_drawn, among_real, across = (
        _kernel(a, b) for a, b in ((drawn, drawn), (real, real), (drawn, real))
    )
    count = len(drawn)
    inside = among_drawn.fill_diagonal_(0).sum(1) + among_real.fill_diagonal_(0).sum(1)
    between = across.fill_diagonal_(0)
    return (inside - between.sum(1) - between.sum(0)) / (count - 1)


def _kernel(a_ND: Tensor, b_MD: Tensor) -> Tensor:
    return (a_ND @ b_MD.T / a_ND.shape[1] + 1).pow(3)


def manifold(drawn_ND: Tensor, real_MD: Tensor, k: int = NEIGHBOURS) -> dict[str, Tensor]:
    """Return for each picture its share of `precision` and `density` (N,), of `recall` and
    `coverage` (M,) (Naeem 2020)."""
    k = min(k, len(drawn_ND) - 1, len(real_MD) - 1)
    across_MN = torch.cdist(real_MD.double(), drawn_ND.double())
    around_real, around_drawn = _radius(real_MD, k)[:, None], _radius(drawn_ND, k)[None]
    inside = across_MN < around_real
    return {
        "precision": inside.any(0).double(),
        "density": inside.sum(0).double() / k,
        "recall": (across_MN < around_drawn).any(1).double(),
        "coverage": (across_MN.amin(1, keepdim=True) < around_real)[:, 0].double(),
    }


def _radius(rows_ND: Tensor, k: int) -> Tensor:
    """Return the distance from each row to its k-th neighbour, (N,)."""
    distance = torch.cdist(rows_ND.double(), rows_ND.double())
    return distance.kthvalue(k + 1, dim=1).values  # the first is the row itself


def r_precision(picture_NE: Tensor, text_NE: Tensor, others: int = 99) -> Tensor:
    """Return for each picture the chance that its own text comes first among `others` texts drawn
    from the rest, (N,)."""
    likeness = picture_NE @ text_NE.T
    ahead = (likeness >= likeness.diagonal()[:, None]).sum(1) - 1
    rest = len(text_NE) - 1
    others = min(others, rest)
    # none of the texts ahead may be drawn: a product of shares instead of a draw of one's own
    place = torch.arange(others, dtype=torch.float64)
    share = ((rest - ahead[:, None] - place) / (rest - place)).clamp_min(0)
    return share.prod(dim=1)


def nearest_likeness(query_ND: Tensor, answer_MD: Tensor) -> Tensor:
    """Return the cosine of each query with the nearest answer, (N,)."""
    return (F.normalize(query_ND, dim=1) @ F.normalize(answer_MD, dim=1).T).amax(1)


def spread(rows_KD: Tensor) -> float:
    """Return the mean distance between the pictures of one set."""
    return float(torch.pdist(rows_KD.double()).mean())


def path_lengths(before_ND: Tensor, after_ND: Tensor, step: float) -> Tensor:
    """Return the squared distance over the squared step of each pair (Karras 2019), (N,)."""
    return (before_ND - after_ND).double().pow(2).sum(1) / step**2
