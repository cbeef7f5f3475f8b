"""The whole model: one latent between pictures, captions, texts and noise.

Shapes: B pictures or texts, S side in pixels, L width of the latent, M width of the meaning, C
channels, G cells along a side, N cells, E width of the embedding, F width of features.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from engrave.config import ModelConfig
from engrave.model import flow
from engrave.model.captioner import Captioner
from engrave.model.decoder import Decoder
from engrave.model.embedding import EmbeddingHead
from engrave.model.layout import LayoutEncoder
from engrave.model.meaning import MeaningEncoder
from engrave.model.priors import LayoutPrior, MeaningPrior
from engrave.model.sphere import SCALE
from engrave.model.text import TextTower
from engrave.tokenizer import Tokenizer

MAX_TEXT_TOKENS = 96
SEEN_CELLS = 4  # cells along a side that features are averaged over
NUCLEUS = 0.8  # share of the probability that captions by chance are drawn from


class MultimodalModel(nn.Module):
    """Pictures, captions and texts around one latent of norm 1: meaning first, then layout."""

    def __init__(
        self, config: ModelConfig, text_pieces: Tokenizer, caption_pieces: Tokenizer
    ) -> None:
        super().__init__()
        self.config = config
        self.text_pieces, self.caption_pieces = text_pieces, caption_pieces
        self.facts: dict[str, str] = {}  # what the checkpoint says of itself: version, preset, data
        self.meaning = MeaningEncoder(config.meaning_px, config.meaning_width)
        self.layout = LayoutEncoder(config.encoder_widths, config.layout_channels)
        self.decoder = Decoder(
            config.decoder_widths,
            config.decoder_blocks,
            config.layout_channels,
            config.meaning_width,
        )
        self.embedding = EmbeddingHead(config)
        self.text = TextTower(config)
        self.captioner = Captioner(config)
        self.meaning_prior = MeaningPrior(config)
        self.layout_prior = LayoutPrior(config)

    def split(self, z_BL: Tensor) -> tuple[Tensor, Tensor]:
        """Return meaning (B, M) and layout (B, C, G, G), each number of root mean square 1/32."""
        widths = [self.config.meaning_width, self.config.layout_width]
        meaning, flat = (z_BL * self._norm_of_parts).split(widths, dim=-1)
        return meaning, rearrange(
            flat, "b (c g h) -> b c g h", c=self.config.layout_channels, g=self.config.grid
        )

    def join(self, meaning_BM: Tensor, layout_BCGG: Tensor) -> Tensor:
        """Return the latent (B, L), of norm 1, of a meaning and a layout."""
        flat = rearrange(layout_BCGG, "b c g h -> b (c g h)")
        return torch.cat([meaning_BM, flat], dim=-1) / self._norm_of_parts

    @property
    def _norm_of_parts(self) -> float:
        """Norm that meaning and layout have together: exactly 1 where they are 1,024 numbers."""
        return math.sqrt(self.config.latent_width) * SCALE

    def encode(self, picture_B1SS: Tensor) -> Tensor:
        """Pictures (B, 1, S, S) in [-1, 1] -> latents (B, L) of norm 1."""
        return self.join(self.meaning(picture_B1SS), self.layout(picture_B1SS))

    def decode(self, z_BL: Tensor) -> Tensor:
        """Latents (B, L) -> pictures (B, 1, S, S) in [-1, 1]."""
        return self.decoder(*self.split(z_BL)).clamp(-1.0, 1.0)

    def see(self, picture_B1SS: Tensor) -> Tensor:
        """Pictures (B, 1, S, S) in [-1, 1] -> what the eye tells of their places, (B, F)."""
        seen_BCss = self.meaning.trunk(picture_B1SS)
        return rearrange(F.adaptive_avg_pool2d(seen_BCss, SEEN_CELLS), "b c g h -> b (c g h)")

    def embed(self, z_BL: Tensor) -> Tensor:
        """Latents (B, L) -> joint embeddings (B, E) of norm 1."""
        return self.embedding(*self.split(z_BL))

    def embed_text(self, texts: Sequence[str]) -> Tensor:
        """Texts -> joint embeddings (B, E) of norm 1."""
        ids = self.text_pieces.batch([text or " " for text in texts], MAX_TEXT_TOKENS)
        return self.text(ids.to(self.text.project.weight.device))

    def describe(
        self, z_1L: Tensor, *, num_beams: int = 4, num_candidates: int = 3, max_tokens: int = 40
    ) -> list[tuple[str, float]]:
        """Return captions of one latent with their mean log-probability in nats per token, best
        first."""
        meaning, layout = self.split(z_1L)
        beams = max(num_beams, num_candidates)
        ids = self.captioner.write(
            meaning,
            layout,
            beams=beams,
            candidates=num_candidates,
            max_tokens=max_tokens,
            early_stopping=True,
        )
        scores = self._score(z_1L.expand(len(ids), -1), ids)
        texts = [self.caption_pieces.decode(row.tolist()) for row in ids]
        unique = {
            text: score
            for text, score in sorted(zip(texts, scores, strict=True), key=lambda pair: pair[1])
        }
        return sorted(unique.items(), key=lambda pair: -pair[1])

    def describe_batch(
        self, z_BL: Tensor, *, max_tokens: int = 40, num_beams: int = 1
    ) -> list[str]:
        """Return one caption for each latent, greedily or by beam search."""
        meaning, layout = self.split(z_BL)
        ids = self.captioner.write(
            meaning, layout, beams=num_beams, candidates=1, max_tokens=max_tokens
        )
        return [self.caption_pieces.decode(row.tolist()) for row in ids]

    def sample_captions(
        self, z_1L: Tensor, *, num: int, seed: int, max_tokens: int = 40
    ) -> list[str]:
        """Return different captions of one latent, drawn word by word from the likely ones; the
        same seed gives the same (nucleus sampling, Holtzman et al. 2020)."""
        if not num:
            return []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            ids = self.captioner.write(
                *self.split(z_1L), beams=1, candidates=num, max_tokens=max_tokens,
                do_sample=True, top_p=NUCLEUS,
            )  # fmt: skip
        return list(dict.fromkeys(self.caption_pieces.decode(row.tolist()) for row in ids))

    def token_scores(self, z_1L: Tensor, texts: Sequence[str]) -> list[list[float]]:
        """Return the log-probability in nats of each piece of each text, the end of it last."""
        if not texts:
            return []
        ids = self.caption_pieces.batch(texts, self.config.max_tokens)
        ids = ids.to(z_1L.device)
        log_probs = self.captioner.token_log_probs(*self.split(z_1L.expand(len(ids), -1)), ids)
        counts = (ids[:, 1:] != 0).sum(1).tolist()
        return [row[:count].tolist() for row, count in zip(log_probs, counts, strict=True)]

    def _score(self, z_BL: Tensor, ids_BT: Tensor) -> list[float]:
        log_probs = self.captioner.token_log_probs(*self.split(z_BL), ids_BT)
        count = (ids_BT[:, 1:] != 0).sum(1).clamp_min(1)
        return [float(value) for value in log_probs.sum(1) / count]

    def imagine(
        self,
        text_BE: Tensor | None,
        *,
        seeds: Sequence[int],
        guidance: float,
        steps: int,
        exemplars_BL: Tensor | None = None,
        hold: float = 0.0,
        less: flow.Less | None = None,
    ) -> Tensor:
        """Draw latents (B, L) for texts (or none) from the priors; item k depends on its seed only.

        With exemplars (B, L) the layout begins at time `hold` of the way from noise to theirs
        (SDEdit, Meng et al. 2022) instead of at noise alone.
        """
        rows = []
        for index, seed in enumerate(seeds):
            noise_meaning, noise_layout = self._noise(seed)
            text = None if text_BE is None else text_BE[index : index + 1]
            meaning = self.imagine_meaning(text, noise_meaning, guidance, steps, less=less)
            start = 0.0
            if exemplars_BL is not None:
                start, layout = hold, self.split(exemplars_BL[index : index + 1])[1]
                noise_layout = torch.lerp(noise_layout, flow.as_cells(layout), hold)
            layout = self.imagine_layout(meaning, text, noise_layout, guidance, steps, start)
            rows.append(self.join(meaning, layout))
        return torch.cat(rows)

    def revise(
        self,
        z_1L: Tensor,
        meaning_of_1L: Tensor,
        text_1E: Tensor | None,
        *,
        seed: int,
        guidance: float,
        steps: int,
        keep_meaning: float,
        keep_layout: float,
    ) -> Tensor:
        """Return a latent (1, L) that keeps shares of one's layout and of another's meaning.

        Each part is blurred by noise and drawn anew from there (SDEdit); a share of 1 keeps it as
        it is."""
        noise_meaning, noise_layout = self._noise(seed)
        meaning, layout = self.split(meaning_of_1L)[0], self.split(z_1L)[1]
        if keep_meaning < 1.0:
            start = torch.lerp(noise_meaning, meaning / SCALE, keep_meaning)
            meaning = self.imagine_meaning(text_1E, start, guidance, steps, keep_meaning)
        if keep_layout < 1.0:
            start = torch.lerp(noise_layout, flow.as_cells(layout), keep_layout)
            layout = self.imagine_layout(meaning, text_1E, start, guidance, steps, keep_layout)
        return self.join(meaning, layout)

    def imagine_meaning(
        self,
        text_BE: Tensor | None,
        noise_BM: Tensor,
        guidance: float,
        steps: int,
        start: float = 0.0,
        less: flow.Less | None = None,
    ) -> Tensor:
        """Return meanings (B, M) that the prior draws from noise, from a time on."""
        width = self.config.embedding_width
        velocity = flow.meaning_velocity(self.meaning_prior, text_BE, guidance, width, less)
        return flow.sample_meaning(velocity, noise_BM, steps, start)

    def imagine_layout(
        self,
        meaning_BM: Tensor,
        text_BE: Tensor | None,
        noise_BNC: Tensor,
        guidance: float,
        steps: int,
        start: float = 0.0,
    ) -> Tensor:
        """Return layouts (B, C, G, G) that the prior draws for these meanings, from a time on."""
        velocity = self.layout_velocity(meaning_BM, text_BE, guidance)
        return flow.sample_layout(velocity, noise_BNC, steps, start)

    def layout_velocity(
        self, meaning_BM: Tensor, text_BE: Tensor | None, guidance: float
    ) -> flow.Velocity:
        """Return where the prior drives layouts for these meanings."""
        return flow.layout_velocity(
            self.layout_prior, meaning_BM / SCALE, text_BE, guidance, self.config.embedding_width
        )

    def _noise(self, seed: int) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        device = self.text.project.weight.device
        meaning = torch.randn((1, self.config.meaning_width), generator=generator)
        layout = torch.randn(
            (1, self.config.grid**2, self.config.layout_channels), generator=generator
        )
        return meaning.to(device), layout.to(device)
