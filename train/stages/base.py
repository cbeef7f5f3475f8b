"""What every stage is to the loop: a module whose forward gives a loss, and what may be measured
beside it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn

from engrave.model.multimodal import MultimodalModel
from train.config import StageConfig, TrainConfig
from train.data import Examples


@dataclass
class Context:
    """What the stages share: the model, the data, the settings, the folder of the run and the
    device."""

    model: MultimodalModel
    train: Examples
    validation: Examples
    config: TrainConfig
    out: Path
    device: torch.device

    @property
    def cache(self) -> Path:
        return self.out / "cache"


class Stage(nn.Module):
    """One stage; only its registered submodules are trained, what it merely reads is kept in
    `context`."""

    name = ""

    def __init__(self, context: Context) -> None:
        super().__init__()
        object.__setattr__(
            self, "context", context
        )  # not a submodule: what is frozen stays out of the optimiser
        self.progress = 0.0  # share of the stage that is done, 0 to 1; set by the loop

    context: Context

    @property
    def config(self) -> StageConfig:
        return self.context.config.stages[self.name]

    @abstractmethod
    def prepare(self) -> None:
        """Compute once what stays the same in every epoch."""

    @abstractmethod
    def forward(self, indices: Tensor, seed: int, player: str) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of a batch (training pictures by index) and the figures to log."""

    def players(self) -> dict[str, list[nn.Parameter]]:
        """Name the sets of parameters that are optimised in turn; most stages have one."""
        return {"model": list(self.parameters())}

    def active(self, player: str) -> bool:
        """Whether a player moves at the present progress."""
        return player == "model"

    def rate(self, player: str, scheduled: float) -> float:
        """Return the learning rate of a player, given what the schedule says."""
        return scheduled

    def memory(self) -> float:
        """Return the decay of the average of weights at the present progress."""
        return self.config.ema

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """Return figures on validation pictures."""

    def samples(self) -> Image.Image | None:
        """Return a sheet of pictures that shows where training stands."""
        return None


def set_trained(module: nn.Module, trained: bool) -> None:
    for parameter in module.parameters():
        parameter.requires_grad_(trained)


def latent_facts(z: Tensor) -> dict[str, float]:
    """Return the latent's statistics over a batch (B, L) under the names that earlier runs used."""
    z = z.detach().float()
    return {
        "latent_mean": float(z.mean()),
        "latent_std": float(z.std()),
        "latent_norm": float(z.norm(dim=-1).mean()),
        "latent_min": float(z.min()),
        "latent_max": float(z.max()),
        "effective_rank": effective_rank(z),
    }


def effective_rank(z: Tensor) -> float:
    """Return exp of the entropy of the normalised singular values (Roy and Vetterli 2007)."""
    values = torch.linalg.svdvals(z.double() - z.double().mean(0))
    share = values / values.sum().clamp_min(1e-12)
    return float(torch.exp(-(share * share.clamp_min(1e-12).log()).sum()))


def step_generator(seed: int, *labels: int) -> torch.Generator:
    """Return a generator that depends on nothing but these numbers, so that a resumed run draws
    the same."""
    value = seed
    for label in labels:
        value = (value * 1_000_003 + label + 1) % (2**63 - 1)
    return torch.Generator().manual_seed(value)
