"""Stage 4: from a text to likely latents. Two rectified flows on cached latents.

Shapes: B pictures, M width of the meaning, N cells, C channels, E width of the embedding.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from PIL import Image
from torch import Tensor

from engrave.image import contact_sheet
from engrave.model.pixels import to_image
from engrave.model.sphere import SCALE
from train.stages.base import Context, Stage, latent_facts, set_trained, step_generator
from train.stages.cached import latents, pick, text_embeddings
from train.texts import facet_text, mirrored

DROP = 0.12  # share of the batch that has no text
MEANING_NOISE = 0.15  # on the meaning that the layout reads: a drawn meaning is never perfect
MEANING_BATCHES = 4  # the meaning prior is cheap, so it sees more pictures a step
CLOSEST = 0.1  # of (1 - t), below which the velocity's weight grows no more
FACET_FORMS = 4
PROMPTS = (
    "a ship in full sail on a rough sea",
    "a portrait of an old man with a beard",
    "a castle on a hill above a river",
    "a bird sits on a branch",
    "a woman in a long dress stands in a room",
    "a large ornate initial letter with leaves",
)


class PriorStage(Stage):
    """Velocity loss for the meaning, velocity loss with x-prediction for the layout."""

    name = "priors"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        set_trained(context.model, False)
        self.meaning_prior, self.layout_prior = (
            context.model.meaning_prior,
            context.model.layout_prior,
        )
        set_trained(self.meaning_prior, True)
        set_trained(self.layout_prior, True)

    def prepare(self) -> None:
        context, model = self.context, self.context.model
        model.eval()
        self.z = latents(context, "train")
        self.z_validation = latents(context, "validation")
        rows, captions = context.train.rows, context.train.captions
        texts = [captions, [mirrored(text) for text in captions]]
        texts += [[facet_text(row, k) for row in rows] for k in range(FACET_FORMS)]
        self.read = torch.stack([text_embeddings(context, part) for part in texts])
        self.read_validation = text_embeddings(context, context.validation.captions)

    def forward(self, indices: Tensor, seed: int, player: str) -> tuple[Tensor, dict[str, float]]:
        config, device = self.context.config, self.context.device
        generator = step_generator(config.seed, 41, seed)
        more = torch.randint(
            len(self.context.train), (MEANING_BATCHES * len(indices),), generator=generator
        )
        every = torch.cat([indices, more])
        views = torch.randint(config.views, (len(every),), generator=generator)
        facet = torch.rand(len(every), generator=generator) < 0.3
        form = torch.randint(FACET_FORMS, (len(every),), generator=generator)
        text = self.read[torch.where(facet & (views % 2 == 0), 2 + form, views % 2), every].to(
            device
        )
        z = pick(self.z, views, every, device)
        meaning, layout = self.context.model.split(z)
        loss_meaning = self._meaning_loss(meaning / SCALE, text, generator)
        few = len(indices)
        loss_layout = self._layout_loss(
            meaning[:few] / SCALE, layout[:few] / SCALE, text[:few], generator
        )
        loss = loss_meaning + loss_layout
        facts = {
            "loss_meaning": float(loss_meaning.detach()),
            "loss_layout": float(loss_layout.detach()),
        }
        return loss, {"loss_total": float(loss.detach())} | facts | latent_facts(z[:few])

    def _meaning_loss(self, meaning: Tensor, text: Tensor, generator: torch.Generator) -> Tensor:
        t = torch.rand(len(meaning), generator=generator).to(meaning.device)
        noise = torch.randn(meaning.shape, generator=generator).to(meaning.device)
        has_text = (torch.rand(len(meaning), generator=generator) >= DROP).to(meaning.device)
        x = torch.lerp(noise, meaning, t[:, None])
        return F.mse_loss(self.meaning_prior(x, t, text, has_text), meaning - noise)

    def _layout_loss(
        self, meaning: Tensor, layout: Tensor, text: Tensor, generator: torch.Generator
    ) -> Tensor:
        device = meaning.device
        cells = rearrange(layout, "b c g h -> b (g h) c")
        t = torch.sigmoid(torch.randn(len(cells), generator=generator) - 0.2).to(device)
        noise = torch.randn(cells.shape, generator=generator).to(device)
        has_text = torch.rand(len(cells), generator=generator) >= DROP
        no_meaning = ~has_text & (torch.rand(len(cells), generator=generator) < 0.5)
        blurred = meaning + MEANING_NOISE * torch.randn(meaning.shape, generator=generator).to(
            device
        )
        blurred = blurred * (~no_meaning)[:, None].to(device)
        x = torch.lerp(noise, cells, t[:, None, None])
        aim = self.layout_prior(x, t, blurred, text, has_text.to(device))
        weight = (1 - t).clamp_min(CLOSEST).pow(-2)
        return ((aim - cells).pow(2).mean(dim=(1, 2)) * weight).mean()

    def validate(self) -> dict[str, float]:
        generator = torch.Generator().manual_seed(1)
        z = torch.from_numpy(self.z_validation[0].astype(np.float32)).to(self.context.device)
        meaning, layout = self.context.model.split(z)
        text = self.read_validation.to(z.device)
        return {
            "loss_meaning": float(self._meaning_loss(meaning / SCALE, text, generator)),
            "loss_layout": float(
                self._layout_loss(meaning / SCALE, layout / SCALE, text, generator)
            ),
        }

    def samples(self) -> Image.Image:
        """Return a column of engravings for each of a few prompts."""
        model = self.context.model
        text = model.embed_text(PROMPTS)
        rows = [
            model.imagine(text, seeds=[s] * len(PROMPTS), guidance=2.0, steps=12) for s in (1, 2, 3)
        ]
        tiles = [to_image(picture) for picture in model.decode(torch.cat(rows))]
        return contact_sheet(tiles, columns=len(PROMPTS), cell_px=256, gap_px=6)
