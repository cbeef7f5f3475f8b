"""Figures of reconstruction: error and likeness of structure with and without the padding,
sharpness, and what needs no model.

Shapes: N pictures, B batch, S side in pixels.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import torch
from torch import Tensor

from engrave.model.multimodal import MultimodalModel
from train.data import Examples
from train.evaluation.captions import broken
from train.evaluation.sheet import Sheet
from train.evaluation.subject import BATCH, Held, drawn, pictures_of
from train.metrics.baselines import Components, small, thumbnail
from train.metrics.lattice import lattice_share
from train.metrics.masks import mask_of, masked_error, similarity, similarity_inside
from train.metrics.pictures import edge_energy, reduced, squared_error

PCA_COMPONENTS = 1024
LOOKED_AT = 128  # pictures, or a few more, in which a lattice is looked for: all have the same
SHUFFLED = 128  # pictures that are drawn with another one's meaning or layout


def measure_pictures(sheet: Sheet, model: MultimodalModel, held: Held, prefix: str = "") -> None:
    """Enter how near the decoder's pictures come to those they were read from."""
    values: dict[str, list[Tensor]] = defaultdict(list)
    looked: dict[str, list[Tensor]] = defaultdict(list)
    pictures = drawn(model, held.z)
    for start, picture in zip(range(0, len(held), BATCH), pictures, strict=True):
        real = pictures_of(held.examples, start)
        for name, value in _compared(picture, real, held.boxes[start : start + BATCH]).items():
            values[name].append(value)
        if start < LOOKED_AT:
            looked["lattice"].append(picture)
            looked["lattice_real"].append(real)
    joined = {name: torch.cat(parts) for name, parts in values.items()}
    drawn_edges, real_edges = joined.pop("drawn_edges"), joined.pop("real_edges")
    for name, value in joined.items():
        sheet.mean(f"{prefix}{name}", value)
    sheet.ratio(f"{prefix}sharpness", drawn_edges, real_edges)
    for name, parts in looked.items():
        sheet.put(f"{prefix}{name}", *_lattice(torch.cat(parts)))


def _lattice(pictures: Tensor) -> tuple[float, float]:
    """Return the lattice of pictures, and its standard error by quarters of them."""
    quarters = [lattice_share(part) for part in pictures.chunk(4)]
    spread = float(np.std(quarters, ddof=1)) if len(quarters) > 1 else 0.0
    return lattice_share(pictures), spread / len(quarters) ** 0.5


def _compared(picture: Tensor, real: Tensor, boxes: list) -> dict[str, Tensor]:
    mask = mask_of(boxes, real.shape[-1])
    tiny, tiny_real, tiny_mask = (reduced(x, 64) for x in (picture, real, mask))
    return {
        "image_mse": squared_error(picture, real),
        "image_mse_masked": masked_error(picture, real, mask),
        "image_mse_64": squared_error(tiny, tiny_real),
        "image_mse_64_masked": masked_error(tiny, tiny_real, tiny_mask),
        "ssim": similarity(picture, real),
        "ssim_masked": similarity_inside(picture, real, boxes),
        "drawn_edges": edge_energy(picture),
        "real_edges": edge_energy(real),
    }


def measure_broken_pictures(sheet: Sheet, model: MultimodalModel, held: Held) -> None:
    """Enter the error with another picture's meaning or layout: does the decoder listen to both?"""
    some = held.first(SHUFFLED)
    latents = broken(model, some.z)
    for part in ("meaning", "layout"):
        pictures = drawn(model, latents[f"shuffled_{part}"])
        starts = range(0, len(some), BATCH)
        errors = [
            squared_error(picture, pictures_of(some.examples, start))
            for start, picture in zip(starts, pictures, strict=True)
        ]
        sheet.mean(f"shuffled_{part}_mse", torch.cat(errors))
    sheet.put("shuffled_pictures", len(some))


def measure_picture_baselines(sheet: Sheet, held: Held, train: Examples | None) -> None:
    """Enter the errors at 64 px of principal components, a thumbnail and the mean picture."""
    wanted = small(held.examples.pictures)
    redrawn = {"thumbnail_mse_64": thumbnail(wanted)}
    if train is not None:
        known = small(train.pictures)
        redrawn["pca_mse_64"] = Components.fit(known, PCA_COMPONENTS).redraw(wanted)
        redrawn["mean_mse_64"] = known.mean(0).expand_as(wanted)
    mask = reduced(mask_of(held.boxes, held.examples.pictures.shape[-1]), 64)
    for name, value in redrawn.items():
        sheet.mean(name, squared_error(value[:, None], wanted[:, None]))
        sheet.mean(f"{name}_masked", masked_error(value[:, None], wanted[:, None], mask))
