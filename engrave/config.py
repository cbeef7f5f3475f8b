"""Knows the sizes of the model, as frozen presets. Knows nothing of tensors or training."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from engrave.errors import ConfigError

BEAMS = 6  # of the beam search that writes a caption
EXEMPLARS = 16  # engravings nearest to a text, of which the seed chooses one to lean on
HOLD = 0.8  # how far a layout begins from noise towards that of the engraving it leans on
UPSCALE = 32  # one cell of the layout grid covers 32 x 32 pixels
PRESETS = ("smoke", "small", "seed")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """Sizes of every part; the presets `smoke`, `small` and `seed` are named functions of it."""

    preset: str = "small"
    side_px: int = 256  # side of the square picture
    meaning_px: int = 224  # side at which the meaning encoder sees it
    meaning_width: int = 256
    layout_channels: int = 12
    embedding_width: int = 512
    encoder_widths: tuple[int, ...] = (40, 64, 112, 160)  # at strides 4, 8, 16, 32
    decoder_widths: tuple[int, ...] = (224, 144, 96, 48)  # at 8, 16, 32, 64 cells
    decoder_blocks: tuple[int, ...] = (2, 2, 2, 1)
    text_vocab: int = 30522
    text_width: int = 384
    text_layers: int = 6
    text_heads: int = 12
    caption_vocab: int = 4600
    caption_width: int = 384
    caption_layers: int = 4
    caption_heads: int = 12
    meaning_tokens: int = 8
    max_tokens: int = 48  # longest caption, in word pieces
    meaning_prior_width: int = 320
    meaning_prior_blocks: int = 3
    layout_prior_width: int = 192
    layout_prior_layers: int = 6
    layout_prior_heads: int = 6

    def __post_init__(self) -> None:
        if self.side_px % UPSCALE:
            below = self.side_px - self.side_px % UPSCALE
            raise ConfigError(
                f"side_px ({self.side_px}) must be a multiple of {UPSCALE}; "
                f"use {max(below, UPSCALE)} or {below + UPSCALE}."
            )
        if (
            not len(self.encoder_widths)
            == len(self.decoder_widths)
            == len(self.decoder_blocks)
            == 4
        ):
            raise ConfigError(
                "encoder_widths, decoder_widths and decoder_blocks need 4 entries each."
            )
        for name in ("text", "caption", "layout_prior"):
            width, heads = getattr(self, f"{name}_width"), getattr(self, f"{name}_heads")
            if width % heads:
                raise ConfigError(
                    f"{name}_width ({width}) must be a multiple of {name}_heads ({heads})."
                )

    @property
    def grid(self) -> int:
        """Cells along one side of the layout."""
        return self.side_px // UPSCALE

    @property
    def layout_width(self) -> int:
        return self.layout_channels * self.grid**2

    @property
    def latent_width(self) -> int:
        return self.meaning_width + self.layout_width

    def asdict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def fromdict(cls, values: dict[str, Any]) -> ModelConfig:
        """Rebuild from `asdict` as JSON gives it back; raises ConfigError on an unknown field."""
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ConfigError(
                f"The configuration has unknown fields {unknown}; another version wrote it."
            )
        fitting: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**fitting)

    @classmethod
    def named(cls, preset: str) -> ModelConfig:
        """Return the preset of that name; raises ConfigError for an unknown one."""
        makers = {"smoke": smoke, "small": small, "seed": seed}
        if preset not in makers:
            raise ConfigError(f"There is no preset '{preset}'; choose one of {', '.join(PRESETS)}.")
        return makers[preset]()


def small() -> ModelConfig:
    """What two CPU cores train in about two hours."""
    return ModelConfig()


def seed() -> ModelConfig:
    """The full size, 85 million parameters, for a GPU."""
    return ModelConfig(
        preset="seed",
        encoder_widths=(64, 128, 224, 320),
        decoder_widths=(416, 288, 192, 96),
        decoder_blocks=(3, 3, 3, 2),
        caption_layers=6,
        meaning_prior_width=448,
        meaning_prior_blocks=5,
        layout_prior_width=320,
        layout_prior_layers=8,
        layout_prior_heads=8,
    )


def smoke() -> ModelConfig:
    """Small enough that a test trains it in seconds."""
    return ModelConfig(
        preset="smoke",
        side_px=64,
        meaning_px=64,
        meaning_width=32,
        layout_channels=4,
        embedding_width=32,
        encoder_widths=(8, 8, 8, 8),
        decoder_widths=(16, 16, 8, 8),
        decoder_blocks=(1, 1, 1, 1),
        text_vocab=200,
        text_width=32,
        text_layers=2,
        text_heads=2,
        caption_vocab=200,
        caption_width=32,
        caption_layers=2,
        caption_heads=2,
        meaning_tokens=2,
        max_tokens=24,
        meaning_prior_width=32,
        meaning_prior_blocks=1,
        layout_prior_width=32,
        layout_prior_layers=1,
        layout_prior_heads=2,
    )
