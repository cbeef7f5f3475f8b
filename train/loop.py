"""Runs a stage: batches, rates, log, checkpoints, progress. The only place that touches clock,
disk and log.

Everything random depends on (seed, stage, step) alone, so a resumed run goes on exactly as an
unbroken one."""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs, broadcast
from torch import Tensor, nn
from tqdm import tqdm

from train import trackers
from train.config import STAGES, StageConfig
from train.signals import stop_signals
from train.stages.base import Context, Stage, step_generator

CLIP_NORM = 1.0


@dataclass(frozen=True)
class Budget:
    """How long a stage may take: minutes of wall clock, or epochs; and after how many steps a test
    stops it."""

    minutes: float | None = None
    epochs: float | None = None
    stop_after: int | None = None


class Interrupted(Exception):
    """The stage stopped before its end; its checkpoint lies on disk."""


def accelerator(tracker: str | None = None, out: Path | None = None) -> Accelerator:
    """Return the device and process layout; the same code serves a CPU and many GPUs."""
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    return Accelerator(
        cpu=several and not torch.cuda.is_available(),  # else each would train a model of its own
        mixed_precision="bf16" if multiplies_bf16() else "no",
        log_with=tracker,
        project_dir=None if out is None else trackers.folder_of(out),
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )


def multiplies_bf16() -> bool:
    """Whether the hardware has matrix units for bf16; elsewhere it would only lose digits."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu.get_capabilities().get("amx_bf16", False))


def rate_at(step: int, progress: float, config: StageConfig) -> float:
    """Return the learning rate: linear warm-up, then a cosine to 2 % of the peak; progress runs
    from 0 to 1."""
    warm = min(1.0, (step + 1) / max(config.warmup, 1))
    return config.lr * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))))


class Ema:
    """A moving average of weights; `swap` exchanges it with the live ones."""

    def __init__(self, parameters: list[nn.Parameter]) -> None:
        self.parameters = parameters
        self.shadow = [p.detach().clone() for p in parameters]

    @torch.no_grad()
    def update(self, step: int, decay: float) -> None:
        decay = min(decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.shadow, [p.detach() for p in self.parameters], 1 - decay)

    @torch.no_grad()
    def swap(self) -> None:
        for shadow, parameter in zip(self.shadow, self.parameters, strict=True):
            held = parameter.detach().clone()
            parameter.copy_(shadow)
            shadow.copy_(held)


class Run:
    """One stage under way."""

    def __init__(self, stage: Stage, budget: Budget, log: Path, speeder: Accelerator) -> None:
        self.stage, self.budget, self.speeder = stage, budget, speeder
        self.context: Context = stage.context
        self.folder = self.context.out / "stages" / stage.name
        self.log = log
        self.step, self.elapsed = 0, 0.0
        self.lines = trackers.lines_in(log) if speeder.trackers else 0
        self.wrapped = speeder.prepare(stage)
        self.players = stage.players()
        self.optimizers = {
            name: self._optimizer(name, group) for name, group in self.players.items()
        }
        self.ema = Ema(self.players["model"]) if stage.config.ema else None

    def _optimizer(self, name: str, group: list[nn.Parameter]) -> Any:
        betas = (0.0, 0.99) if name == "heads" else (0.9, 0.98)
        decay = 0.0 if name == "heads" else 0.01
        return self.speeder.prepare(
            torch.optim.AdamW(group, lr=self.stage.config.lr, betas=betas, weight_decay=decay)
        )

    @property
    def batch(self) -> int:
        return min(self.stage.config.batch, len(self.context.train))

    @property
    def steps_per_epoch(self) -> int:
        return max(1, len(self.context.train) // self.batch)

    @property
    def progress(self) -> float:
        if self.budget.minutes is not None:
            return self.elapsed / (60.0 * self.budget.minutes)
        epochs = self.budget.epochs or self.stage.config.epochs
        return self.step / max(1, round(epochs * self.steps_per_epoch))

    def indices(self) -> Tensor:
        """Return this step's training pictures: each epoch is one permutation of all."""
        epoch, place = divmod(self.step, self.steps_per_epoch)
        label = STAGES.index(self.stage.name)
        order = torch.randperm(
            len(self.context.train),
            generator=step_generator(self.context.config.seed, label, epoch),
        )
        mine = order[place * self.batch : (place + 1) * self.batch]
        return mine[self.speeder.process_index :: self.speeder.num_processes]

    def go(self) -> dict[str, float]:
        """Train to the end of the budget and return the validation figures; raises Interrupted, or
        KeyboardInterrupt when a signal came, with the state saved."""
        last_save = last_tick = time.monotonic()
        with (
            self.log.open("a", encoding="utf-8") as log,
            tqdm(total=100, desc=self.stage.name) as bar,
            stop_signals() as asked,
        ):
            while self.progress < 1.0:
                facts = self._one_step()
                now = time.monotonic()
                self.elapsed, last_tick = self._agreed(self.elapsed + now - last_tick), now
                self._write(log, facts)
                bar.update(min(100.0, 100 * self.progress) - bar.n)
                bar.set_postfix(step=self.step, loss=f"{facts['loss_total']:.4f}")
                if self.budget.stop_after is not None and self.step >= self.budget.stop_after:
                    self.save()
                    raise Interrupted
                if asked.is_set():
                    self.save()
                    raise KeyboardInterrupt
                if now - last_save > 60 * self.context.config.save_minutes:
                    log.flush()
                    self.save()
                    self._look(log)
                    last_save = last_tick = time.monotonic()
            if self.ema:
                self.ema.swap()
            figures = self._look(log)
        return figures

    def _agreed(self, seconds: float) -> float:
        """Return the first process's clock: all must end at the same step."""
        if self.speeder.num_processes == 1:
            return seconds
        clock = torch.tensor([seconds], dtype=torch.float64, device=self.speeder.device)
        return float(broadcast(clock)[0])

    def _one_step(self) -> dict[str, float]:
        start = time.perf_counter()
        indices = self.indices()
        # dropout draws from torch's own generator, so it too must begin anew at each step
        torch.manual_seed(step_generator(self.context.config.seed, 51, self.step).initial_seed())
        self.stage.progress = self.progress
        self.stage.train()
        facts: dict[str, float] = {}
        for name, optimizer in self.optimizers.items():
            if self.stage.active(name):
                facts |= self._move(name, optimizer, indices)
        if self.ema:
            self.ema.update(self.step, self.stage.memory())
        self.step += 1
        facts["images_per_second"] = (
            len(indices) * self.speeder.num_processes / (time.perf_counter() - start)
        )
        return facts

    def _move(self, player: str, optimizer: Any, indices: Tensor) -> dict[str, float]:
        rate = self.stage.rate(player, rate_at(self.step, self.progress, self.stage.config))
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        loss, facts = self.wrapped(indices, self.step, player)
        self.speeder.backward(loss)
        norm = self.speeder.clip_grad_norm_(self.players[player], CLIP_NORM)
        optimizer.step()
        prefix = "" if player == "model" else f"{player}_"
        facts |= {f"{prefix}learning_rate": rate, f"{prefix}gradient_norm": float(norm)}
        return facts

    def _write(self, log: Any, facts: dict[str, float]) -> None:
        if not self.speeder.is_main_process:
            return
        line = {
            "stage": self.stage.name,
            "step": self.step,
            "epoch": self.step / self.steps_per_epoch,
        }
        line |= {"seconds": round(self.elapsed, 2)} | {
            k: float(f"{v:.6g}") for k, v in facts.items()
        }
        log.write(json.dumps(line) + "\n")
        if self.speeder.trackers:
            self.lines += 1
            trackers.send(self.speeder, line, self.lines)

    def _look(self, log: Any) -> dict[str, float]:
        """Measure on validation pictures and keep a sheet of samples."""
        if not self.speeder.is_main_process:
            return {}
        self.stage.eval()
        with torch.inference_mode():
            figures = self.stage.validate()
            sheet = self.stage.samples()
        self._write(log, {f"validation_{name}": value for name, value in figures.items()})
        log.flush()
        tqdm.write(
            f"{self.stage.name} step {self.step}: "
            + ", ".join(f"{k} {v:.4g}" for k, v in figures.items())
        )
        if sheet is not None:
            folder = self.context.out / "samples"
            folder.mkdir(exist_ok=True)
            sheet.save(folder / f"{self.stage.name}-{self.step:06d}.png")
        return figures

    def save(self) -> None:
        """Write the state of the stage; the old one stays until the new one is whole."""
        if not self.speeder.is_main_process:
            return
        state = {
            "stage": self.stage.state_dict(),
            "optimizers": {
                name: optimizer.state_dict() for name, optimizer in self.optimizers.items()
            },
            "ema": self.ema.shadow if self.ema else None,
            "step": self.step,
            "elapsed": self.elapsed,
        }
        save_state(state, self.folder / "state.pt")

    def resume(self) -> bool:
        """Load the state of an interrupted stage, if there is one."""
        path = self.folder / "state.pt"
        if not path.is_file():
            return False
        state = torch.load(path, map_location=self.context.device, weights_only=True)
        self.stage.load_state_dict(state["stage"])
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        if self.ema:
            self.ema.shadow = state["ema"]
        self.step, self.elapsed = state["step"], state["elapsed"]
        return True


def save_state(state: Any, path: Path) -> None:
    """Write with torch, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.partial")
    torch.save(state, scratch)
    scratch.replace(path)
