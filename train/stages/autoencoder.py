"""Stage 2: where things are and how they are drawn. Layout encoder and decoder, meaning given.

Most steps see a quarter of the picture (half of the cells along each side), which costs a quarter;
some see all of
it, so that the borders of the decoder's convolutions are right. Heads on frozen features join near
the end: they turn grey mush into hatching.
Shapes: B pictures, S side in pixels, C channels, g cells along a side of the crop.
"""

from __future__ import annotations

import random

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from engrave.config import UPSCALE
from engrave.image import contact_sheet
from engrave.model.pixels import to_image
from engrave.model.sphere import SCALE
from train import views
from train.metrics.lattice import lattice
from train.metrics.pictures import picture_scores
from train.stages.base import Context, Stage, latent_facts, set_trained, step_generator
from train.stages.cached import meanings, picture_batch
from train.stages.heads import (
    ProjectedHeads,
    drawer_loss,
    feature_distance,
    features,
    heads_loss,
    window,
)

WHOLE_SHARE = 0.2  # share of the steps that see whole pictures
FEATURE_WEIGHT = 0.25
COARSE_WEIGHT = 2.0  # on both pictures reduced 4 times by area: what is where
MEAN_WEIGHT = 0.02  # keeps each channel's mean near zero
MOST_NOISE = 0.2  # of a coordinate's spread, reached at the end: the decoder learns to forgive
MOST_LOST = 0.7  # share of noise in the worst of the layouts that are lost, so the meaning is read
VALIDATED = 96
CONTEST_RATES = {"model": 4e-4, "heads": 4e-4}
CONTEST_WARMUP = 0.15  # share of the contest over which its weights come in
CONTEST_EMA = 0.99  # short, as what is averaged moves fast


Looks = tuple[list[Tensor], Tensor]  # features of pictures, and the pictures


class AutoencoderStage(Stage):
    """L1 and squared error, then features, then heads; the latent is made noisier as it goes."""

    name = "autoencoder"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        set_trained(context.model, False)
        self.encoder, self.decoder = context.model.layout, context.model.decoder
        self.heads = ProjectedHeads()
        set_trained(self.encoder, context.config.layout_trained)
        set_trained(self.decoder, True)
        self._seen: tuple[Looks, Looks] | None = None
        self._place = (0.0, 0.0)  # where the strokes are looked at

    @property
    def net(self) -> nn.Module:
        """The frozen lower part of Lite0, as ImageNet made it."""
        return self.context.model.meaning.net

    def players(self) -> dict[str, list[nn.Parameter]]:
        drawing = [*self.encoder.parameters(), *self.decoder.parameters()]
        return {
            "model": [p for p in drawing if p.requires_grad],
            "heads": list(self.heads.judge.parameters()),
        }

    def active(self, player: str) -> bool:
        return player == "model" or self.progress >= self.context.config.adversary_from

    @property
    def contested(self) -> float:
        """Share of the adversarial part that is done; below 0 before it begins."""
        start = self.context.config.adversary_from
        return (self.progress - start) / max(1e-6, 1 - start)

    def rate(self, player: str, scheduled: float) -> float:
        """A contest needs a steady rate: the cosine would end it before hatching appears."""
        if self.contested < 0:
            return scheduled
        return CONTEST_RATES[player] * (1.0 - 0.7 * min(1.0, self.contested))

    def memory(self) -> float:
        return self.config.ema if self.contested < 0 else min(self.config.ema, CONTEST_EMA)

    def prepare(self) -> None:
        self.context.model.eval()
        self.meaning_train = meanings(self.context, "train")
        self.meaning_validation = meanings(self.context, "validation")

    def forward(self, indices: Tensor, seed: int, player: str) -> tuple[Tensor, dict[str, float]]:
        if player == "heads":
            return self._judge()
        generator = step_generator(self.context.config.seed, 21, seed)
        real, meaning = self._batch(indices, generator)
        layout = self.encoder(real)
        noisy = self._blur(layout, generator)
        side = real.shape[-1] // 4
        grain = torch.randn((len(real), 1, side, side), generator=generator).to(layout.device)
        drawn = self.decoder(meaning, noisy, grain)
        self._place = tuple(torch.rand(2, generator=generator).tolist())
        loss, facts = self._loss(drawn, real, layout)
        facts |= latent_facts(torch.cat([meaning, layout.flatten(1)], dim=1))
        cells = self.context.model.config.layout_width * layout.detach().pow(2).mean()
        facts["latent_norm"] = float((meaning.pow(2).sum(1).mean() + cells).sqrt())  # of the whole
        return loss, facts

    def _blur(self, layout: Tensor, generator: torch.Generator) -> Tensor:
        """Add a little noise to every layout, and to some so much that only the meaning can tell
        what was there."""
        noise = torch.randn(layout.shape, generator=generator).to(layout.device) * SCALE
        slight = layout + noise * (MOST_NOISE * self.progress)
        share = self.context.config.layout_lost
        if not share:
            return slight
        picked, level = torch.rand((2, len(layout), 1, 1, 1), generator=generator).to(layout.device)
        lost = layout + level * MOST_LOST * (noise - layout)  # no lerp: types may differ
        return torch.where(picked < share, lost, slight)

    def _batch(self, indices: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return real pictures or crops (B, 1, s, s) and the meanings of the whole pictures."""
        whole = float(torch.rand(1, generator=generator)) < WHOLE_SHARE
        if whole:
            indices = indices[: max(1, len(indices) // 4)]
        view = int(torch.randint(self.context.config.views, (1,), generator=generator))
        pixels = torch.from_numpy(
            np.ascontiguousarray(self.context.train.pictures[indices.numpy()])
        )
        real = views.look(pixels.to(self.context.device), indices, view, self.context.config.seed)
        meaning = torch.from_numpy(self.meaning_train[view, indices.numpy()].astype(np.float32)).to(
            real.device
        )
        return (real if whole else self._crop(real, generator)), meaning

    def _crop(self, real: Tensor, generator: torch.Generator) -> Tensor:
        """Cut a window of half the cells from each picture, at a whole cell."""
        grid = self.context.model.config.grid
        cells = max(1, grid // 2)
        top, left = torch.randint(grid - cells + 1, (2, len(real)), generator=generator).tolist()
        side = cells * UPSCALE
        windows = [
            x[:, t * UPSCALE : t * UPSCALE + side, w * UPSCALE : w * UPSCALE + side]
            for x, t, w in zip(real, top, left, strict=True)
        ]
        return torch.stack(windows)

    def _loss(self, drawn: Tensor, real: Tensor, layout: Tensor) -> tuple[Tensor, dict[str, float]]:
        config = self.context.config
        squared = F.mse_loss(drawn, real)
        coarse = F.mse_loss(F.avg_pool2d(drawn, 4), F.avg_pool2d(real, 4))
        pixels, coarsely = self._weights()
        centre = (layout.mean(dim=(0, 2, 3)) * 32.0).pow(2).mean()
        loss = (
            config.image_weight * (pixels * (F.l1_loss(drawn, real) + squared) + coarsely * coarse)
            + MEAN_WEIGHT * centre
        )
        facts = {"loss_image": float(squared.detach()), "loss_coarse": float(coarse.detach())}
        if config.lattice_weight:
            printed = lattice(drawn.float())
            facts["loss_lattice"] = float(printed.detach())
            loss = loss + config.lattice_weight * printed
        if self.progress >= config.features_from:
            loss = self._add_features(loss, drawn, real, facts)
        return loss, {"loss_total": float(loss.detach())} | facts

    def _weights(self) -> tuple[float, float]:
        """Return the weights of the pixel and the coarse losses; the heads change them."""
        config, share = self.context.config, min(1.0, max(0.0, self.contested) / CONTEST_WARMUP)
        pixels = 1.0 + share * (config.contest_pixel_weight - 1.0)
        return pixels, COARSE_WEIGHT + share * (config.contest_coarse_weight - COARSE_WEIGHT)

    def _add_features(
        self, loss: Tensor, drawn: Tensor, real: Tensor, facts: dict[str, float]
    ) -> Tensor:
        config = self.context.config
        with torch.no_grad():
            wanted = features(self.net, real)
        found = features(self.net, drawn)
        distance = feature_distance(found, wanted)
        facts["loss_features"] = float(distance.detach())
        loss = loss + FEATURE_WEIGHT * distance
        if self.active("heads"):
            strokes = window(drawn, self._place)
            against = drawer_loss(self.heads(found, strokes))
            facts["loss_adversary"] = float(against.detach())
            loss = (
                loss + config.adversary_weight * min(1.0, self.contested / CONTEST_WARMUP) * against
            )
            self._seen = (
                ([x.detach() for x in found], strokes.detach()),
                (wanted, window(real, self._place)),
            )
        return loss

    def _judge(self) -> tuple[Tensor, dict[str, float]]:
        """Let the heads learn from the very pictures that were just drawn."""
        if self._seen is None:
            raise RuntimeError("the heads move after the decoder, never before")
        loss = heads_loss(self.heads(*self._seen[0]), self.heads(*self._seen[1]))
        return loss, {"loss_heads": float(loss.detach())}

    def _redraw(self, indices: range) -> tuple[Tensor, Tensor]:
        real = picture_batch(self.context, self.context.validation, indices, 0)
        meaning = self.meaning_validation[0, indices.start : indices.start + len(real)].astype(
            np.float32
        )
        drawn = self.decoder(torch.from_numpy(meaning).to(real.device), self.encoder(real))
        return real, drawn.clamp(-1, 1)

    def validate(self) -> dict[str, float]:
        pairs = [
            self._redraw(range(i, i + 32))
            for i in range(0, min(VALIDATED, len(self.context.validation)), 32)
        ]
        real, drawn = (torch.cat(parts) for parts in zip(*pairs, strict=True))
        return picture_scores(drawn, real)

    def samples(self) -> Image.Image:
        """Return validation pictures above what is drawn from their latents."""
        count = len(self.context.validation)
        rows = [range(i, i + 1) for i in random.Random(5).sample(range(count), min(8, count))]
        pairs = [self._redraw(row) for row in rows]
        tiles = [to_image(real[0]) for real, _ in pairs] + [
            to_image(drawn[0]) for _, drawn in pairs
        ]
        return contact_sheet(tiles, columns=len(pairs), cell_px=256, gap_px=6)
