"""Stage 1: what a picture shows. Fine-tunes the top of Lite0 and of MiniLM so that picture and
text meet.

The lower layers stay as they are; what they say of every view and text is cached.
Shapes: B pictures, V views, T tokens, D width of MiniLM, M width of the meaning, E width of the
embedding."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engrave.model.multimodal import MAX_TEXT_TOKENS
from engrave.model.sphere import SCALE
from train.data import Examples
from train.metrics.retrieval import recalls
from train.stages.base import Context, Stage, latent_facts, set_trained, step_generator
from train.stages.cached import over_views, pick
from train.texts import facet_text, mirrored

TEXT_TOKENS = 40  # cached length; longer texts are cut
FACET_SHARE = 0.35  # share of the batch that reads a text made from facets
FACET_FORMS = 2
AUX_WEIGHT = 0.15
VARIANCE_WEIGHT = 0.02


class MeaningStage(Stage):
    """Contrastive (InfoNCE) between the embedding of the meaning and that of the text; facets as a
    side task."""

    name = "meaning"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        model = context.model
        set_trained(model, False)
        self.encoder, self.head, self.text = model.meaning, model.embedding, model.text
        self.kept = context.model.config.text_layers - context.config.text_layers_tuned
        self.facets = {
            name: sorted({str(row[name]) for row in context.train.rows})
            for name in ("subject", "technique")
        }
        width = model.config.meaning_width
        self.aux = nn.ModuleDict(
            {name: nn.Linear(width, len(names)) for name, names in self.facets.items()}
        )
        self.log_scale = nn.Parameter(torch.tensor(math.log(14.0)))
        for module in self._tuned():
            set_trained(module, True)

    def _tuned(self) -> list[nn.Module]:
        net: Any = self.encoder.net
        bert: Any = self.text.bert
        upper = [net.blocks[5:], net.conv_head, net.bn2, self.encoder.attend, self.encoder.value]
        return [
            *upper,
            self.head.skip,
            self.head.deep,
            bert.encoder.layer[self.kept :],
            self.text.project,
        ]

    def players(self) -> dict[str, list[nn.Parameter]]:
        return {"model": [p for p in self.parameters() if p.requires_grad]}

    def train(self, mode: bool = True) -> MeaningStage:
        """Keep the frozen part and all batch statistics as ImageNet made them."""
        super().train(mode)
        self.encoder.net.eval()
        return self

    def prepare(self) -> None:
        context = self.context
        self.encoder.eval()
        self.trunk = over_views(
            context, context.train, "trunk-train", context.config.views, self.encoder.trunk
        )
        self.trunk_validation = over_views(
            context, context.validation, "trunk-validation", 1, self.encoder.trunk
        )
        rows = context.train.rows
        self.texts = [
            self._lower(context.train.captions),
            self._lower([mirrored(row["caption"]) for row in rows]),
        ]
        self.texts += [
            self._lower([facet_text(row, k + i) for i, row in enumerate(rows)])
            for k in range(FACET_FORMS)
        ]
        self.texts_validation = self._lower(context.validation.captions)
        self.labels = {
            name: torch.tensor([names.index(str(row[name])) for row in rows])
            for name, names in self.facets.items()
        }

    @torch.inference_mode()
    def _lower(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return hidden states (N, T, D) below the tuned layers, and the mask (N, T)."""
        self.text.eval()
        hidden = np.zeros(
            (len(texts), TEXT_TOKENS, self.context.model.config.text_width), np.float16
        )
        mask = np.zeros((len(texts), TEXT_TOKENS), bool)
        for start in range(0, len(texts), 128):
            ids = self.context.model.text_pieces.batch(
                texts[start : start + 128], min(TEXT_TOKENS, MAX_TEXT_TOKENS)
            )
            states = self.text.lower(ids.to(self.context.device), self.kept).half().cpu().numpy()
            hidden[start : start + len(ids), : ids.shape[1]] = states
            mask[start : start + len(ids), : ids.shape[1]] = (ids != 0).numpy()
        return hidden, mask

    def _upper(self, cached: tuple[np.ndarray, np.ndarray], rows: np.ndarray) -> Tensor:
        hidden, mask = cached
        longest = int(mask[rows].sum(1).max())
        device = self.context.device
        states = torch.from_numpy(hidden[rows, :longest].astype(np.float32)).to(device)
        return self.text.upper(states, torch.from_numpy(mask[rows, :longest]).to(device), self.kept)

    def _read_texts(self, views_B: Tensor, indices_B: Tensor, generator: torch.Generator) -> Tensor:
        """Embed for each picture its caption (mirrored for mirrored views) or a text of its
        facets, (B, E)."""
        facet = torch.rand(len(indices_B), generator=generator) < FACET_SHARE
        form = torch.randint(FACET_FORMS, (len(indices_B),), generator=generator)
        choice = torch.where(facet, 2 + form, views_B % 2).numpy()
        out = torch.zeros(
            len(indices_B), self.context.model.config.embedding_width, device=self.context.device
        )
        for kind in np.unique(choice):
            places = np.flatnonzero(choice == kind)
            out = out.index_copy(
                0,
                torch.from_numpy(places).to(out.device),
                self._upper(self.texts[kind], indices_B.numpy()[places]),
            )
        return out

    def forward(self, indices: Tensor, seed: int, player: str) -> tuple[Tensor, dict[str, float]]:
        generator = step_generator(self.context.config.seed, 11, seed)
        views = torch.randint(self.context.config.views, (len(indices),), generator=generator)
        meaning = self.encoder.head(pick(self.trunk, views, indices, self.context.device))
        seen = self.head(meaning, None)
        read = self._read_texts(views, indices, generator)
        logits = seen @ read.T * self.log_scale.clamp(max=math.log(60.0)).exp()
        target = torch.arange(len(indices), device=logits.device)
        alignment = (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
        labels = {name: values[indices].to(logits.device) for name, values in self.labels.items()}
        aux = sum(
            (F.cross_entropy(self.aux[k](meaning / SCALE), v) for k, v in labels.items()),
            torch.zeros(()),
        )
        spread = (
            F.relu(1.0 - (meaning / SCALE).std(0)).mean() + (meaning / SCALE).mean(0).pow(2).mean()
        )
        loss = alignment + AUX_WEIGHT * aux + VARIANCE_WEIGHT * spread
        right = float((logits.argmax(1) == target).float().mean())
        facts = {
            "loss_total": float(loss.detach()),
            "loss_alignment": float(alignment.detach()),
            "batch_recall": right,
        }
        return loss, facts | {"loss_facets": float(aux.detach())} | latent_facts(meaning)

    def validate(self) -> dict[str, float]:
        return recalls(self._see(), self._read(self.context.validation))

    def _see(self) -> Tensor:
        trunk = torch.from_numpy(self.trunk_validation[0].astype(np.float32)).to(
            self.context.device
        )
        return torch.cat([self.head(self.encoder.head(part), None) for part in trunk.split(128)])

    def _read(self, examples: Examples) -> Tensor:
        rows = np.arange(len(examples))
        return torch.cat(
            [
                self._upper(self.texts_validation, part)
                for part in np.array_split(rows, max(1, len(rows) // 64))
            ]
        )
