"""Figures of captions: how likely the true ones are, how good the written ones, and what costs
nothing.

Shapes: N pictures, L width of the latent.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from engrave.config import BEAMS
from engrave.model.multimodal import MultimodalModel
from train.evaluation.sheet import Sheet
from train.evaluation.subject import BATCH, Held, Subject
from train.metrics.baselines import most_frequent
from train.metrics.captions import caption_values
from train.metrics.matching import ids_of

SECOND = "second_descriptions.jsonl"
TRAIN_CAPTIONS = 120  # of the training sample are written: beam search is slow


def measure_captions(sheet: Sheet, subject: Subject, data: Path) -> None:
    """Enter the model's captions, those of broken latents, and those that need no model."""
    model, held = subject.model, subject.held
    likelihoods(sheet, "", model, held, held.z)
    for name, z in broken(model, held.z).items():
        nats, right, count = likelihood(model, z, held.captions)
        sheet.ratio(f"{name}_caption_loss", nats, count)
        sheet.ratio(f"{name}_caption_accuracy", right, count)
    written = write_all(model, held.z)
    sheet.captions("", caption_values(written, held.captions))
    _own_match(sheet, "", model, held.z, written)
    _own_match(sheet, "true_", model, held.z, held.captions)
    order = _shuffle(len(written))
    shuffled = [written[row] for row in order]
    sheet.captions("shuffled_", caption_values(shuffled, held.captions))
    _own_match(sheet, "shuffled_", model, held.z, shuffled)
    blank = write_all(model, blank_latent(model))[0]
    sheet.captions("blank_", caption_values([blank] * len(held), held.captions))
    _against_training(sheet, subject)
    _second_describer(sheet, held, written, data / SECOND)


def measure_train_captions(sheet: Sheet, model: MultimodalModel, sample: Held) -> None:
    """Enter the same for pictures of the training split, as `train_...`."""
    likelihoods(sheet, "train_", model, sample, sample.z)
    some = sample.first(TRAIN_CAPTIONS)
    sheet.captions("train_", caption_values(write_all(model, some.z), some.captions))
    sheet.put("train_captions", len(some))


def likelihoods(sheet: Sheet, prefix: str, model: MultimodalModel, held: Held, z: Tensor) -> None:
    """Enter how likely the true captions are."""
    nats, right, count = likelihood(model, z, held.captions)
    letters = torch.tensor([len(text.encode()) for text in held.captions])
    sheet.ratio(f"{prefix}caption_loss", nats, count)
    sheet.ratio(f"{prefix}caption_accuracy", right, count)
    sheet.ratio(f"{prefix}bits_per_byte", nats / torch.log(torch.tensor(2.0)), letters)


def likelihood(
    model: MultimodalModel, z_NL: Tensor, captions: list[str]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return for each picture nats, right tokens and tokens (N,); padding never counts."""
    ids = model.caption_pieces.batch(captions, model.config.max_tokens)
    nats, right, count = [], [], []
    for z, target in zip(z_NL.split(BATCH), ids.split(BATCH), strict=True):
        logits = model.captioner(*model.split(z), target)
        wanted, mask = target[:, 1:], target[:, 1:] != 0
        loss = F.cross_entropy(logits.transpose(1, 2), wanted, reduction="none") * mask
        nats.append(loss.sum(1))
        right.append(((logits.argmax(-1) == wanted) & mask).sum(1))
        count.append(mask.sum(1))
    return torch.cat(nats), torch.cat(right), torch.cat(count)


def broken(model: MultimodalModel, z: Tensor) -> dict[str, Tensor]:
    """Return latents of which the whole or one part is another picture's, or a blank one's."""
    meaning, layout = model.split(z)
    order = torch.tensor(_shuffle(len(z)))
    return {
        "shuffled": z[order],
        "shuffled_meaning": model.join(meaning[order], layout),
        "shuffled_layout": model.join(meaning, layout[order]),
        "blank": blank_latent(model).expand_as(z),
    }


def blank_latent(model: MultimodalModel) -> Tensor:
    """Return the latent (1, L) of white paper."""
    side = model.config.side_px
    return model.encode(torch.ones(1, 1, side, side))


def write_all(model: MultimodalModel, z_NL: Tensor) -> list[str]:
    """Return a caption for each latent, by beam search."""
    parts = tqdm(z_NL.split(BATCH), desc="captions", leave=False)
    return [text for part in parts for text in model.describe_batch(part, num_beams=BEAMS)]


def _shuffle(count: int) -> list[int]:
    """Return an order in which no picture keeps its place."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(0))
    moved = torch.empty_like(order)
    moved[order] = order.roll(1)  # one ring through all of them
    return moved.tolist()


def read_all(model: MultimodalModel, texts: list[str]) -> Tensor:
    """Return the joint embeddings of texts, (N, E)."""
    return torch.cat([model.embed_text(texts[i : i + 64]) for i in range(0, len(texts), 64)])


def _own_match(
    sheet: Sheet, prefix: str, model: MultimodalModel, z: Tensor, texts: list[str]
) -> None:
    match = (model.embed(z) * read_all(model, texts)).sum(1)
    sheet.mean(f"{prefix}clip_like_match", match)


def _against_training(sheet: Sheet, subject: Subject) -> None:
    """Enter what training captions score: the nearest picture's, one at random, the commonest."""
    if subject.train is None or subject.sample is None:
        return
    held, train = subject.held, subject.train
    judge = subject.evaluator
    candidates, index = train, judge.index
    if ids_of(train.rows) != index.ids:  # other pictures than the evaluator knows
        candidates = subject.sample.examples
        seen = subject.sample.seen
        index = replace(index, rows_NK=index.project(seen), matched_NE=judge.head.of_pictures(seen))
    rows = index.nearest(judge.head, held.seen)
    nearest = [candidates.rows[row]["caption"] for row in rows]
    sheet.captions("nn_", caption_values(nearest, held.captions))
    sheet.put("nn_candidates", len(candidates))
    _own_match(sheet, "nn_", subject.model, held.z, nearest)
    draw = random.Random(0)
    by_chance = [draw.choice(train.captions) for _ in held.captions]
    sheet.captions("random_", caption_values(by_chance, held.captions))
    commonest = [most_frequent(train.captions)] * len(held)
    sheet.captions("frequent_", caption_values(commonest, held.captions))


def _second_describer(sheet: Sheet, held: Held, written: list[str], path: Path) -> None:
    """Enter how well a second person's captions agree, and the model's on the same pictures."""
    if not path.is_file():
        return
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    second = {line["id"]: line["caption"] for line in lines}
    rows = [i for i, row in enumerate(held.examples.rows) if row["id"] in second]
    if len(rows) < 2:
        return
    first = [held.captions[i] for i in rows]
    human = [second[held.examples.rows[i]["id"]] for i in rows]
    sheet.captions("human_", caption_values(human, first))
    sheet.captions("beside_human_", caption_values([written[i] for i in rows], first))
    sheet.put("human_pictures", len(rows))
