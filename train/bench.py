"""Times the stages of training on this machine, on pictures of noise: what is shown does not change
how long it takes."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from pathlib import Path

import numpy as np

from train import config as settings
from train.config import STAGES
from train.data import FACETS, Examples
from train.fit import MAKERS
from train.loop import Budget, Run, accelerator
from train.setup import fresh_model
from train.stages.base import Context

EARLIER = 12.4  # images/s of the earlier run, on one H100, all its losses in one step
STEPS = 8  # of each stage; a few are enough, as no step differs from its neighbours
KNOWN, HELD_OUT = 96, 8
NOTES = {
    "meaning": "top of the encoder, from cached features",
    "autoencoder": "crops of 128 px; one of 256 px counts as four",
    "captions": "cached latents",
    "priors": "cached latents",
}


def bench(preset: str = "small") -> str:
    """Return images per second of each stage beside the earlier run's, as text."""
    with tempfile.TemporaryDirectory() as folder:
        speeds = stage_speeds(preset, Path(folder))
    lines = [
        f"{'training, preset ' + preset:<26} {'images/s':>10}   earlier run {EARLIER} images/s"
    ]
    for stage, speed in speeds.items():
        ratio = f"{speed / EARLIER:.1f} times"
        lines.append(f"{stage:<26} {speed:>10.1f}   {ratio:<12} {NOTES[stage]}")
    return "\n".join(lines)


def stage_speeds(preset: str, folder: Path, steps: int = STEPS) -> dict[str, float]:
    """Train every stage for a few steps from fresh weights and return images per second; caching
    is not counted."""
    training, sizes = settings.named(preset), settings.sizes(preset)
    speeder = accelerator()
    train, validation = (noise(count, sizes.side_px) for count in (KNOWN, HELD_OUT))
    model = fresh_model(sizes, train).to(speeder.device)
    context = Context(model, train, validation, training, folder, speeder.device)
    speeds = {}
    for name in STAGES:
        stage = MAKERS[name](context).to(speeder.device).eval()
        stage.prepare()
        log = folder / f"{name}.jsonl"
        batch = min(training.stages[name].batch, KNOWN)
        with contextlib.redirect_stdout(io.StringIO()):  # figures of noise mean nothing
            Run(stage, Budget(epochs=steps / (KNOWN // batch)), log, speeder).go()
        lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        rates = [line["images_per_second"] for line in lines if "images_per_second" in line]
        # the first step makes buffers; equal batches, so the mean speed is the harmonic mean
        speeds[name] = len(rates[1:]) / sum(1 / rate for rate in rates[1:])
    return speeds


def noise(count: int, side_px: int) -> Examples:
    """Return grey noise with a caption each."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (count, side_px, side_px), dtype=np.uint8)
    words = "a ship sails past an old castle on a high rock by the sea".split()
    rows = [
        dict.fromkeys(FACETS, "") | {"id": str(k), "caption": " ".join(rng.permutation(words))}
        for k in range(count)
    ]
    return Examples(pictures, rows)
