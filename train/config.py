"""Knows the presets: the sizes of each, and how it is trained. Knows nothing of the model's
insides.

A recipe changes a preset: `wide` is `small-wide`, and `seed-wide` or `smoke-wide` are presets
too."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engrave.config import ModelConfig
from engrave.errors import ConfigError

BASES = ("smoke", "small", "seed")
FINETUNE_LR, FINETUNE_EPOCHS = 5e-4, 20.0
STAGES = ("meaning", "autoencoder", "captions", "priors")  # each reads what the ones before it made


@dataclass(frozen=True, slots=True, kw_only=True)
class StageConfig:
    """One stage: how long, how fast."""

    minutes_share: float  # share of the whole budget of time
    epochs: float  # used when no time is given
    batch: int
    lr: float
    warmup: int = 100  # steps
    ema: float = 0.0  # 0 keeps no average


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """Everything a run needs beside the model's sizes."""

    preset: str
    seed: int = 7
    views: int = 3  # augmented looks at each picture that are cached
    text_layers_tuned: int = 2
    caption_weight: float = 1.0
    image_weight: float = 1.0
    alignment_weight: float = 0.5
    adversary_weight: float = 0.06
    adversary_from: float = 0.5  # share of the autoencoder stage after which the heads join
    features_from: float = 0.2
    contest_pixel_weight: float = 0.25  # of pixel losses beside the heads
    contest_coarse_weight: float = 8.0  # what is where stays asked for all the more
    lattice_weight: float = 1.0  # of what the decoder's steps of 4 pixels print on a picture
    layout_trained: bool = True  # False: the decoder alone, and latents stay true
    layout_lost: float = 0.0  # share of the pictures drawn from a layout half lost in noise
    caption_dropout: float = 0.1
    caption_noise: float = 0.15  # on the latent, in a coordinate's own spread
    word_drop: float = 0.0  # share of the words read that are hidden while training
    save_minutes: float = 4.0
    stages: dict[str, StageConfig] = field(default_factory=dict)

    def asdict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def named(preset: str) -> TrainConfig:
    """Return how that preset is trained; raises ConfigError for an unknown one."""
    base, recipe = _parts(preset)
    training = {"smoke": _smoke, "small": _small, "seed": _seed}[base]()
    return dataclasses.replace(recipe(training) if recipe else training, preset=preset)


def sizes(preset: str) -> ModelConfig:
    """Return the sizes of that preset; raises ConfigError for an unknown one."""
    base, recipe = _parts(preset)
    config = ModelConfig.named(base)
    return dataclasses.replace(widened(config) if recipe is _wide else config, preset=preset)


def _parts(preset: str) -> tuple[str, Recipe | None]:
    """Return the base of a preset and the recipe that changes it."""
    base, _, recipe = preset.rpartition("-") if "-" in preset else ("", "", preset)
    if not base and preset in BASES:
        return preset, None
    if recipe not in RECIPES or base not in ("", *BASES):
        known = ", ".join([*BASES, *RECIPES])
        raise ConfigError(f"There is no preset '{preset}'; choose one of {known}.")
    return base or "small", RECIPES[recipe]


def _caption_first(training: TrainConfig) -> TrainConfig:
    """Words count twice as much as pictures."""
    return dataclasses.replace(training, caption_weight=2.0, image_weight=1.0, alignment_weight=0.5)


def _wide(training: TrainConfig) -> TrainConfig:
    """The sizes alone are others."""
    return training


def _finetune(training: TrainConfig) -> TrainConfig:
    """Twenty epochs at a low rate from a finished model; the words count twice as much."""
    stages = {
        name: dataclasses.replace(stage, lr=FINETUNE_LR, epochs=FINETUNE_EPOCHS)
        for name, stage in training.stages.items()
    }
    return dataclasses.replace(training, caption_weight=2.0, stages=stages)


def widened(config: ModelConfig) -> ModelConfig:
    """Return sizes with twice the latent (2,048 numbers at full size) and twice the embedding."""
    return dataclasses.replace(
        config,
        meaning_width=2 * config.meaning_width,
        layout_channels=2 * config.layout_channels,
        embedding_width=2 * config.embedding_width,
    )


def _small() -> TrainConfig:
    return TrainConfig(
        preset="small",
        stages={
            "meaning": StageConfig(minutes_share=0.14, epochs=8, batch=96, lr=6e-4),
            "autoencoder": StageConfig(
                minutes_share=0.46, epochs=30, batch=32, lr=1.2e-3, ema=0.998
            ),
            "captions": StageConfig(minutes_share=0.20, epochs=14, batch=48, lr=5e-4),
            "priors": StageConfig(minutes_share=0.20, epochs=40, batch=64, lr=8e-4, ema=0.998),
        },
    )


def _seed() -> TrainConfig:
    return TrainConfig(
        preset="seed",
        views=8,
        stages={
            "meaning": StageConfig(minutes_share=0.15, epochs=20, batch=256, lr=6e-4),
            "autoencoder": StageConfig(
                minutes_share=0.50, epochs=200, batch=64, lr=8e-4, ema=0.999
            ),
            "captions": StageConfig(minutes_share=0.15, epochs=25, batch=128, lr=4e-4),
            "priors": StageConfig(minutes_share=0.20, epochs=300, batch=256, lr=6e-4, ema=0.999),
        },
    )


def _smoke() -> TrainConfig:
    stage = StageConfig(minutes_share=0.25, epochs=2, batch=8, lr=1e-3, warmup=2, ema=0.9)
    return TrainConfig(
        preset="smoke", views=2, text_layers_tuned=1, stages=dict.fromkeys(STAGES, stage)
    )


Recipe = Callable[[TrainConfig], TrainConfig]
RECIPES: dict[str, Recipe] = {
    "caption_first": _caption_first,
    "wide": _wide,
    "finetune": _finetune,
}
