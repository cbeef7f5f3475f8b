"""Stage 3: captions, word by word, and the whole embedding, on cached latents.

Shapes: B pictures, L width of the latent, T tokens, E width of the embedding.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engrave.tokenizer import SPECIALS, UNK
from train.data import Examples
from train.metrics.captions import caption_scores
from train.metrics.retrieval import recalls
from train.stages.base import Context, Stage, latent_facts, set_trained, step_generator
from train.stages.cached import latents, pick, text_embeddings
from train.texts import mirrored

SMOOTHING = 0.1
VALIDATED = 160  # pictures that are captioned at each look


class CaptionStage(Stage):
    """Cross-entropy with label smoothing for the words, InfoNCE for the embedding; both read the
    whole latent. Without a weight for the latter the embedding stays as it was."""

    name = "captions"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        model = context.model
        set_trained(model, False)
        self.captioner, self.head = model.captioner, model.embedding
        self.log_scale = nn.Parameter(torch.tensor(math.log(20.0)))
        set_trained(self.captioner, True)
        for part in self.captioner.modules():
            if isinstance(part, nn.Dropout):
                part.p = context.config.caption_dropout
        self.aligned = context.config.alignment_weight > 0
        set_trained(self.head, self.aligned)
        self.log_scale.requires_grad_(self.aligned)

    def players(self) -> dict[str, list[nn.Parameter]]:
        return {"model": [p for p in self.parameters() if p.requires_grad]}

    def prepare(self) -> None:
        context, model = self.context, self.context.model
        model.eval()
        self.z = latents(context, "train")
        self.z_validation = latents(context, "validation")
        self.captions = [
            context.train.captions,
            [mirrored(text) for text in context.train.captions],
        ]
        self.ids = [self._encode(texts) for texts in self.captions]
        self.read = [text_embeddings(context, texts) for texts in self.captions]
        self.read_validation = text_embeddings(context, context.validation.captions)

    def _encode(self, texts: list[str]) -> Tensor:
        return self.context.model.caption_pieces.batch(texts, self.context.model.config.max_tokens)

    def forward(self, indices: Tensor, seed: int, player: str) -> tuple[Tensor, dict[str, float]]:
        config, device = self.context.config, self.context.device
        generator = step_generator(config.seed, 31, seed)
        views = torch.randint(config.views, (len(indices),), generator=generator)
        z = pick(self.z, views, indices, device)
        facts = latent_facts(z)
        noise = torch.randn(z.shape, generator=generator).to(device)
        # so that the words hang on no single number
        z = z + noise * (config.caption_noise / math.sqrt(z.shape[-1]))
        meaning, layout = self.context.model.split(z)
        mirror = (views % 2).bool()
        ids = torch.where(mirror[:, None], *self._padded(indices)).to(device)
        ids = ids[:, : int((ids != 0).sum(1).max())]
        logits = self.captioner(meaning, layout, self._with_gaps(ids, generator))
        words, accuracy = word_loss(logits, ids[:, 1:])
        loss = config.caption_weight * words
        facts |= {"loss_caption": float(words.detach()), "caption_accuracy": accuracy}
        if self.aligned:
            alignment = self._alignment(meaning, layout, mirror, indices)
            loss = loss + config.alignment_weight * alignment
            facts["loss_alignment"] = float(alignment.detach())
        return loss, facts | {"loss_total": float(loss.detach())}

    def _with_gaps(self, ids: Tensor, generator: torch.Generator) -> Tensor:
        """Hide some of the words that are read, so that the picture must be looked at."""
        hidden = torch.rand(ids.shape, generator=generator).to(ids.device)
        words = ids >= len(SPECIALS)
        return ids.masked_fill(
            words & (hidden < self.context.config.word_drop), SPECIALS.index(UNK)
        )

    def _padded(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Return mirrored and plain ids (B, T), padded to one length."""
        plain, turned = self.ids[0][indices], self.ids[1][indices]
        width = max(plain.shape[1], turned.shape[1])
        return F.pad(turned, (0, width - turned.shape[1])), F.pad(
            plain, (0, width - plain.shape[1])
        )

    def _alignment(
        self, meaning: Tensor, layout: Tensor, mirror: Tensor, indices: Tensor
    ) -> Tensor:
        read = torch.where(mirror[:, None], self.read[1][indices], self.read[0][indices]).to(
            meaning.device
        )
        logits = (
            self.head(meaning, layout) @ read.T * self.log_scale.clamp(max=math.log(60.0)).exp()
        )
        target = torch.arange(len(indices), device=logits.device)
        return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2

    def validate(self) -> dict[str, float]:
        examples = self.context.validation
        z = torch.from_numpy(self.z_validation[0].astype(np.float32)).to(self.context.device)
        figures = recalls(self.context.model.embed(z).cpu(), self.read_validation)
        figures |= self._likelihood(examples, z)
        written = [
            text
            for part in z[:VALIDATED].split(32)
            for text in self.context.model.describe_batch(part)
        ]
        return figures | caption_scores(written, examples.captions[:VALIDATED])

    def _likelihood(self, examples: Examples, z: Tensor) -> dict[str, float]:
        ids = self._encode(examples.captions).to(z.device)
        nats, right, count = 0.0, 0.0, 0
        for part, target in zip(z.split(64), ids.split(64), strict=True):
            logits = self.captioner(*self.context.model.split(part), target)
            mask = target[:, 1:] != 0
            nats += float(F.cross_entropy(logits[mask], target[:, 1:][mask], reduction="sum"))
            right += float((logits.argmax(-1) == target[:, 1:])[mask].sum())
            count += int(mask.sum())
        return {"caption_loss": nats / count, "caption_accuracy": right / count}


def word_loss(logits_BTV: Tensor, target_BT: Tensor) -> tuple[Tensor, float]:
    """Return cross-entropy in nats per token with label smoothing, and the share of right tokens;
    padding never counts."""
    mask = target_BT != 0
    loss = F.cross_entropy(logits_BTV[mask], target_BT[mask], label_smoothing=SMOOTHING)
    return loss, float((logits_BTV.argmax(-1) == target_BT)[mask].float().mean())
