"""Sets our captioner beside a generic one of the class that a user would pick instead:
`python -m tests.generic`.

BLIP base (Li et al. 2022) is built by `transformers` at its own size with untrained weights, as no
package on the registries carries the trained ones: how long it takes and what it needs do not
depend on what they hold, how well it describes does, and is not looked at here."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from engrave.places import ASSETS

PIECES = 20  # of each caption
BEAMS = 3
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Captioner:
    """A captioner that is ready to be timed."""

    parameters: int
    run: Callable[[], object]


def ours() -> Captioner:
    """The shipped model, from a picture's pixels to its captions."""
    from engrave.checkpoint import from_pretrained
    from engrave.model.folded import folded, side_by_side

    model = side_by_side(from_pretrained(ASSETS / "model"))
    eye, picture = folded(model.meaning), torch.zeros((1, 1, 256, 256))

    def run() -> object:
        meaning, layout = eye(picture), model.layout(picture)
        return model.captioner.write(
            meaning, layout, beams=BEAMS, candidates=1, max_tokens=PIECES, min_new_tokens=PIECES
        )

    parts = (model.meaning, model.layout, model.captioner)
    return Captioner(sum(p.numel() for part in parts for p in part.parameters()), run)


def blip() -> Captioner:
    """BLIP base, from a picture's pixels to its captions."""
    from transformers import BlipConfig, BlipForConditionalGeneration

    config = BlipConfig(vision_config={"image_size": 384})
    model = BlipForConditionalGeneration(config).eval()
    picture = torch.zeros((1, 3, 384, 384))

    def run() -> object:
        return model.generate(
            pixel_values=picture, num_beams=BEAMS, max_new_tokens=PIECES, min_new_tokens=PIECES
        )

    return Captioner(sum(p.numel() for p in model.parameters()), run)


CAPTIONERS = {"this model": ours, "BLIP base": blip}


@torch.inference_mode()
def row(name: str) -> str:
    """Return a line of the table, measured in this process."""
    captioner, best = CAPTIONERS[name](), float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        captioner.run()
        best = min(best, time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return f"| {name} | {captioner.parameters / 1e6:.0f} | {best:.2f} | {peak / 2**30:.2f} |"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(row(sys.argv[1]))
    else:
        print(
            "| captioner | million parameters | s of a caption | GiB at most |\n|---|---|---|---|"
        )
        for each in CAPTIONERS:  # a process each, so that each has its own peak
            subprocess.run([sys.executable, "-m", "tests.generic", each], check=True)
