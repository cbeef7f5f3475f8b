"""Figures of pictures made from the captions of those held out, beside the real ones.

Shapes: N pictures, L width of the latent, E width of the embedding, D width of the features, M
width of the meaning.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from tqdm import tqdm

from engrave.config import EXEMPLARS, HOLD
from engrave.model import flow
from engrave.model.multimodal import MultimodalModel
from train.evaluation.captions import read_all
from train.evaluation.sheet import Sheet
from train.evaluation.subject import BATCH, Held, Subject, drawn
from train.metrics.generation import kid_values, manifold, nearest_likeness, r_precision, spread

GUIDANCE = 2.0  # as in the app
SEED = 1
OTHERS = 99  # texts beside the true one
PROMPTS, SAMPLES = 12, 8
LEANING = 256  # pictures that lean on an engraving


@dataclass(frozen=True)
class Making:
    """How latents are drawn from the priors."""

    model: MultimodalModel
    steps: int

    def draw(self, text_NE: Tensor, *, seed: int = SEED, lean_NL: Tensor | None = None) -> Tensor:
        """Return a latent (N, L) for each text; with others to lean on the layout begins near
        theirs."""
        generator = torch.Generator().manual_seed(seed)
        config = self.model.config
        meaning_noise = torch.randn(len(text_NE), config.meaning_width, generator=generator)
        shape = (len(text_NE), config.grid**2, config.layout_channels)
        layout_noise = torch.randn(shape, generator=generator)
        start, steps = 0.0, self.steps
        if lean_NL is not None:
            cells = flow.as_cells(self.model.split(lean_NL)[1])
            layout_noise = torch.lerp(layout_noise, cells, HOLD)
            start, steps = HOLD, max(1, round(self.steps * (1 - HOLD)))
        rows = range(0, len(text_NE), BATCH)
        parts = [slice(i, i + BATCH) for i in tqdm(rows, desc="imagining", leave=False)]
        return torch.cat(
            [self._some(text_NE[p], meaning_noise[p], layout_noise[p], start, steps) for p in parts]
        )

    def _some(
        self, text: Tensor, meaning_noise: Tensor, layout_noise: Tensor, start: float, steps: int
    ) -> Tensor:
        meaning = self.model.imagine_meaning(text, meaning_noise, GUIDANCE, self.steps)
        layout = self.model.imagine_layout(meaning, text, layout_noise, GUIDANCE, steps, start)
        return self.model.join(meaning, layout)


def measure_generation(sheet: Sheet, subject: Subject, steps: int) -> None:
    """Enter fidelity, variety, match with the text and likeness to training pictures, of pictures
    from noise alone and of pictures that lean on a fitting engraving."""
    making, model = Making(subject.model, steps), subject.model
    text = read_all(model, subject.held.captions)
    heard = subject.ears.hear(subject.held.captions)
    sheet.all("", {"prior_steps": steps, "guidance": GUIDANCE, "generated": len(text)})
    _from(sheet, "", subject, making.draw(text), heard)
    if subject.sample is not None:
        apart = max(1, len(text) // LEANING)
        some, words = text[::apart], heard[::apart]
        lean = leaned_on(model, some, subject.sample.z)
        part = replace(subject, held=subject.held.every(apart))
        _from(sheet, "leaning_", part, making.draw(some, lean_NL=lean), words)
        facts = {"candidates": len(subject.sample), "hold": HOLD, "generated": len(some)}
        sheet.all("leaning_", facts)
        _from_training(sheet, subject, subject.sample, making)
    _real(sheet, subject, heard)
    _variety(sheet, subject, making)


def _from_training(sheet: Sheet, subject: Subject, sample: Held, making: Making) -> None:
    """Enter the same of pictures made from captions that were trained on: what was learnt by heart
    shows as a gap to those held out."""
    some = sample.every(max(1, len(sample) // LEANING))
    z = making.draw(read_all(making.model, some.captions))
    made = subject.eyes.see_all(drawn(making.model, z, "drawing from training captions"))
    heard = subject.ears.hear(some.captions)
    _judged(sheet, "train_", made, some.seen, subject, heard)
    head = subject.evaluator.head
    real = r_precision(head.of_pictures(some.seen), head.of_texts(heard), OTHERS)
    sheet.mean("train_r_precision_real", real)
    sheet.put("train_generated", len(some))


def leaned_on(model: MultimodalModel, text_NE: Tensor, z_ML: Tensor, seed: int = SEED) -> Tensor:
    """Return for each text the latent of one of the engravings that fit it best, (N, L)."""
    near = (text_NE @ model.embed(z_ML).T).topk(min(EXEMPLARS, len(z_ML)), dim=1).indices
    generator = torch.Generator().manual_seed(seed)
    pick = torch.randint(near.shape[1], (len(near), 1), generator=generator)
    return z_ML[near.gather(1, pick)[:, 0]]


def _from(sheet: Sheet, prefix: str, subject: Subject, z: Tensor, heard: Tensor) -> None:
    made = subject.eyes.see_all(drawn(subject.model, z, "drawing the imagined"))
    real = subject.held.seen
    _judged(sheet, prefix, made, real, subject, heard)
    for name, values in manifold(made, real).items():
        sheet.mean(f"{prefix}{name}", values)
    index = subject.evaluator.index
    sheet.mean(f"{prefix}index_nn_similarity", nearest_likeness(index.project(made), index.rows_NK))
    if subject.sample is None:
        return
    # as many training pictures as unseen ones, else the larger set would hold the nearer ones
    known, unseen = equal_parts(subject.sample.seen, real)
    sheet.mean(f"{prefix}train_nn_similarity", nearest_likeness(made, known))
    sheet.mean(f"{prefix}test_nn_similarity", nearest_likeness(made, unseen))


def _judged(
    sheet: Sheet, prefix: str, made: Tensor, real: Tensor, subject: Subject, heard: Tensor
) -> None:
    head = subject.evaluator.head
    sheet.mean(f"{prefix}kid", kid_values(made, real), orders=2)
    match = r_precision(head.of_pictures(made), head.of_texts(heard), OTHERS)
    sheet.mean(f"{prefix}r_precision", match)


def equal_parts(a_ND: Tensor, b_MD: Tensor) -> tuple[Tensor, Tensor]:
    """Return as many random rows of one as of the other, the same each time."""
    generator, count = torch.Generator().manual_seed(0), min(len(a_ND), len(b_MD))
    orders = [torch.randperm(len(rows), generator=generator)[:count] for rows in (a_ND, b_MD)]
    return a_ND[orders[0]], b_MD[orders[1]]


def _real(sheet: Sheet, subject: Subject, heard: Tensor) -> None:
    """Enter what real pictures score: the floor and the ceilings."""
    real, head = subject.held.seen, subject.evaluator.head
    order = torch.randperm(len(real), generator=torch.Generator().manual_seed(0))
    half = len(real) // 2
    first, second = real[order[:half]], real[order[half : 2 * half]]
    sheet.mean("kid_floor", kid_values(first, second), orders=2)
    for name, values in manifold(first, second).items():
        sheet.mean(f"{name}_real", values)
    match = r_precision(head.of_pictures(real), head.of_texts(heard), OTHERS)
    sheet.mean("r_precision_real", match)
    sheet.put("r_precision_others", min(OTHERS, len(real) - 1))
    index = subject.evaluator.index
    sheet.mean("real_index_nn_similarity", nearest_likeness(index.project(real), index.rows_NK))
    sheet.put("index_pictures", len(index.rows_NK))
    if subject.sample is not None:
        values = kid_values(*equal_parts(subject.sample.seen, real))
        sheet.mean("kid_train_real", values, orders=2)


def _variety(sheet: Sheet, subject: Subject, making: Making) -> None:
    """Enter how far apart pictures of one prompt lie, beside real ones of one subject."""
    groups = subjects_of(subject.held)
    prompts = [subject.held.captions[rows[0]] for rows in groups]
    text = read_all(making.model, prompts).repeat_interleave(SAMPLES, 0)
    made = subject.eyes.see_all(drawn(making.model, making.draw(text, seed=SEED + 1)))
    own = [spread(part) for part in made.split(SAMPLES)]
    sheet.mean("diversity", torch.tensor(own))
    sheet.mean("diversity_real", torch.tensor([spread(subject.held.seen[r]) for r in groups]))
    sheet.all("diversity_", {"prompts": len(groups), "samples": SAMPLES})


def subjects_of(held: Held) -> list[list[int]]:
    """Return rows of 8 pictures of one subject, for up to 12 subjects; of any where the data has
    no subjects with so many."""
    by_subject: dict[str, list[int]] = {}
    for row, facts in enumerate(held.examples.rows):
        by_subject.setdefault(facts["subject"], []).append(row)
    large = sorted((-len(rows), name) for name, rows in by_subject.items() if len(rows) >= SAMPLES)
    groups = [by_subject[name] for _, name in large[:PROMPTS]] or [list(range(len(held)))]
    return [rows[:: max(1, len(rows) // SAMPLES)][:SAMPLES] for rows in groups]
