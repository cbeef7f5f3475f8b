"""Knows how each preset is trained. Knows nothing of the model's insides."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from engrave.errors import ConfigError

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
    save_minutes: float = 4.0
    stages: dict[str, StageConfig] = field(default_factory=dict)

    def asdict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def named(preset: str) -> TrainConfig:
    """Return how that preset is trained; raises ConfigError for an unknown one."""
    makers = {"smoke": _smoke, "small": _small, "seed": _seed}
    if preset not in makers:
        raise ConfigError(f"There is no preset '{preset}'; choose one of {', '.join(makers)}.")
    return makers[preset]()


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
