"""Figures of the latents.

Shapes: N pictures, L width of the latent.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engrave.model.multimodal import MultimodalModel
from train.evaluation.sheet import Sheet
from train.metrics.latent import asymmetry, off_pair_cosines
from train.metrics.uncertainty import bootstrap_of
from train.stages.base import effective_rank

RANK_DRAWS = 12  # each takes a decomposition of all latents


def measure_latent(sheet: Sheet, model: MultimodalModel, z: Tensor) -> None:
    """Enter centre, spread, range and the number of directions in use."""
    meaning, layout = model.split(z)
    sheet.mean("latent_mean", z.mean(1))
    sheet.mean("latent_norm", z.norm(dim=-1))
    sheet.put(
        "latent_std", float(z.std()), bootstrap_of(lambda r: float(z[r].std()), len(z), draws=50)
    )
    sheet.put("latent_min", float(z.min()))
    sheet.put("latent_max", float(z.max()))
    lean = bootstrap_of(lambda r: asymmetry(z[r]), len(z), draws=50)
    sheet.put("latent_asymmetry", asymmetry(z), lean)
    sheet.mean("latent_off_pair_cosine", off_pair_cosines(z), orders=2)
    for name, part in (("", z), ("_meaning", meaning), ("_layout", layout.flatten(1))):
        sheet.put(f"latent_effective_rank{name}", effective_rank(part), _rank_error(part))


def _rank_error(part: Tensor) -> float:
    """A resample repeats pictures, which lowers the rank of all draws alike; halves do not."""
    half = len(part) // 2
    if half < 2:
        return 0.0
    generator = torch.Generator().manual_seed(0)
    halves = [
        part[torch.randperm(len(part), generator=generator)[:half]] for _ in range(RANK_DRAWS)
    ]
    return float(torch.tensor([effective_rank(x) for x in halves]).std())
