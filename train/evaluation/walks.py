"""Figures of the ways between two pictures: are the middles likely engravings, and do they change
evenly?

Shapes: P pairs, N pictures, L width of the latent, C channels, G cells along a side.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor
from tqdm import tqdm

from engrave.model import flow
from engrave.model.multimodal import MultimodalModel
from engrave.model.sphere import SCALE, blend, to_sphere
from train.evaluation.sheet import Sheet
from train.evaluation.subject import BATCH, Subject, drawn, pictures_of
from train.metrics.generation import kid_values, path_lengths

PAIRS = 500
ENDS = 128  # pictures that the pairs are drawn from: each must be led back to its noise
PATHS = 64  # pairs for the path length
STEP = 1 / 15  # between frames of a walk of 16
PLACES = (0.1, 0.35, 0.6, 0.85)  # where on the way its length is taken
MODES = ("prior", "direct")


@dataclass(frozen=True)
class Ways:
    """Pictures led back to their noise once, so that many ways can begin and end at them."""

    model: MultimodalModel
    z: Tensor
    noise: Tensor
    lost: Tensor  # what a way through noise and back loses of each layout
    steps: int

    @classmethod
    def of(cls, model: MultimodalModel, z_NL: Tensor, steps: int) -> Ways:
        """Lead every layout back to its noise."""
        parts = [
            _there_and_back(model, part, steps)
            for part in tqdm(z_NL.split(BATCH), desc="finding noises", leave=False)
        ]
        noise, lost = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
        return cls(model, z_NL, noise, lost, steps)

    def between(self, pairs_P2: Tensor, share: float, mode: str) -> Tensor:
        """Return the latents (P, L) at a share of the way of each pair, as `walk_latents` has
        them."""
        parts = tqdm(pairs_P2.split(BATCH), desc=f"walking, {mode}", leave=False)
        return torch.cat([self._some(part, share, mode) for part in parts])

    def _some(self, pairs: Tensor, share: float, mode: str) -> Tensor:
        a, b = pairs.T
        meaning, layout = self.model.split(self.z)
        middle = to_sphere(blend(meaning[a], meaning[b], share, "slerp"), dim=-1)
        if mode == "direct":
            cells = rearrange(layout, "n c g h -> n (g h) c")
            flat = blend(cells[a], cells[b], share, "slerp")
            grid = rearrange(flat, "p (g h) c -> p c g h", g=self.model.config.grid)
            return self.model.join(middle, to_sphere(grid, dim=1))
        flat = rearrange(self.noise, "n m c -> n (m c)")
        noise = rearrange(
            blend(flat[a], flat[b], share, "slerp"), "p (m c) -> p m c", c=self.noise.shape[-1]
        )
        found = self.model.imagine_layout(middle, None, noise, 1.0, self.steps)
        found = found + (1 - share) * self.lost[a] + share * self.lost[b]
        return self.model.join(middle, to_sphere(found, dim=1))


def _there_and_back(model: MultimodalModel, z: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    meaning, layout = model.split(z)
    velocity = flow.layout_velocity(
        model.layout_prior, meaning / SCALE, None, 1.0, model.config.embedding_width
    )
    noise = flow.invert_layout(velocity, layout, steps)
    return noise, layout - model.imagine_layout(meaning, None, noise, 1.0, steps)


def measure_walks(sheet: Sheet, subject: Subject, steps: int) -> None:
    """Enter `walk_kid` and `ppl` of both modes beside those of pixel cross-fades."""
    held, model = subject.held.first(ENDS), subject.model
    ways = Ways.of(model, held.z, steps)
    pairs = pairs_of(len(held), min(PAIRS, 4 * len(held)))
    for mode in MODES:
        middles = drawn(model, ways.between(pairs, 0.5, mode), f"drawing middles, {mode}")
        _enter_kid(sheet, f"walk_kid{_ending(mode)}", subject, subject.eyes.see_all(middles))
    known = pictures_of(held.examples, 0, len(held))
    redrawn = torch.cat(list(drawn(model, held.z)))
    for name, ends in (("crossfade_kid", known), ("crossfade_decoded_kid", redrawn)):
        fades = (fade(ends, part, 0.5) for part in pairs.split(BATCH))
        _enter_kid(sheet, name, subject, subject.eyes.see_all(fades))
    few = pairs[:PATHS]
    for mode in MODES:
        lengths = [
            _length(ways, subject, few[i :: len(PLACES)], at, mode) for i, at in enumerate(PLACES)
        ]
        sheet.mean(f"ppl{_ending(mode)}", torch.cat(lengths))
    lengths = [
        _faded_length(known, subject, few[i :: len(PLACES)], at) for i, at in enumerate(PLACES)
    ]
    sheet.mean("crossfade_ppl", torch.cat(lengths))
    sheet.all("walk_", {"pairs": len(pairs), "pictures": len(held), "steps": steps})
    sheet.all("ppl_", {"pairs": len(few), "step": STEP})


def _ending(mode: str) -> str:
    """The way through the prior bears the plain name."""
    return "" if mode == "prior" else f"_{mode}"


def pairs_of(count: int, num_pairs: int) -> Tensor:
    """Return random pairs (P, 2) of different pictures, the same each time."""
    generator = torch.Generator().manual_seed(0)
    first = torch.randint(count, (num_pairs,), generator=generator)
    ahead = torch.randint(1, count, (num_pairs,), generator=generator)
    return torch.stack([first, (first + ahead) % count], dim=1)


def fade(ends_N1SS: Tensor, pairs_P2: Tensor, share: float) -> Tensor:
    """Return pictures (P, 1, S, S) blended pixel by pixel."""
    return torch.lerp(ends_N1SS[pairs_P2[:, 0]], ends_N1SS[pairs_P2[:, 1]], share)


def _enter_kid(sheet: Sheet, name: str, subject: Subject, seen: Tensor) -> None:
    real = subject.held.seen
    count = min(len(seen), len(real))
    sheet.mean(name, kid_values(seen[:count], real[:count]), orders=2)


def _length(ways: Ways, subject: Subject, pairs: Tensor, at: float, mode: str) -> Tensor:
    seen = [
        subject.eyes.see_all(drawn(ways.model, ways.between(pairs, share, mode)))
        for share in (at, at + STEP)
    ]
    return path_lengths(seen[0], seen[1], STEP)


def _faded_length(ends: Tensor, subject: Subject, pairs: Tensor, at: float) -> Tensor:
    seen = [subject.eyes.see(fade(ends, pairs, share)) for share in (at, at + STEP)]
    return path_lengths(seen[0], seen[1], STEP)
