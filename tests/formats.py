"""Times the shipped model's parts in smaller number formats and on ONNX Runtime:
`python -m tests.formats`. Needs requirements-train.txt beside requirements.txt.

Each row is the best of several runs that take turns, so that other work on the machine is felt by
all formats alike; `off` is the largest difference to the shipped numbers, of their spread."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engrave.checkpoint import from_pretrained
from engrave.model.decoder import paper_grain
from engrave.model.folded import folded, side_by_side
from engrave.model.multimodal import MultimodalModel
from engrave.places import ASSETS

ROUNDS = 9
WARM = 2
TOKENS = 24
Run = Callable[[], Tensor]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the model with one made input, as the app calls it."""

    name: str
    module: nn.Module
    inputs: tuple[Tensor, ...]


class Written(nn.Module):
    """The captioner as a function of tensors alone: logits of the next piece."""

    def __init__(self, model: MultimodalModel) -> None:
        super().__init__()
        self.captioner = model.captioner

    def forward(self, meaning_BM: Tensor, layout_BCGG: Tensor, ids_BT: Tensor) -> Tensor:
        return self.captioner(meaning_BM, layout_BCGG, ids_BT)


def parts(model: MultimodalModel) -> list[Part]:
    """Return the parts that take the time: each with inputs of the size of one request."""
    rng = torch.Generator().manual_seed(5)
    picture = torch.rand((1, 1, 256, 256), generator=rng) * 2 - 1
    z = model.encode(picture).expand(4, -1)
    meaning, layout = (part.contiguous() for part in model.split(z))
    cells = torch.randn((2, model.config.grid**2, model.config.layout_channels), generator=rng)
    texts = model.embed_text(["a ship", "a castle"])
    yes, when = torch.ones(2, dtype=torch.bool), torch.full((2,), 0.5)
    grain = paper_grain(model.config.grid * 8)
    ids = torch.randint(5, model.config.caption_vocab, (4, TOKENS), generator=rng)
    return [
        Part("picture -> meaning", folded(model.meaning), (picture,)),
        Part("picture -> layout", model.layout, (picture,)),
        Part("latents -> 4 pictures", model.decoder, (meaning, layout, grain)),
        Part(
            "a step of the layout prior", model.layout_prior, (cells, when, meaning[:2], texts, yes)
        ),
        Part("24 pieces of 4 captions", Written(model), (meaning, layout, ids)),
    ]


def plain(part: Part) -> Run:
    """Return the part as the app runs it."""
    return lambda: part.module(*part.inputs)


def half(part: Part) -> Run:
    """Return the part with bfloat16 where torch's autocast allows it."""

    def run() -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return part.module(*part.inputs).float()

    return run


def eighth(part: Part) -> Run:
    """Return the part with the weights of its linear layers in int8."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        small = torch.ao.quantization.quantize_dynamic(part.module, {nn.Linear}, torch.qint8)
    return lambda: small(*part.inputs)


def exported(part: Part) -> Run:
    """Return the part on ONNX Runtime."""
    return _session(part, _as_onnx(part))


def exported_eighth(part: Part) -> Run:
    """Return the part on ONNX Runtime, weights in int8."""
    from onnxruntime.quantization import quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        whole, small = Path(folder) / "whole.onnx", Path(folder) / "small.onnx"
        whole.write_bytes(_as_onnx(part))
        quantize_dynamic(whole, small)
        return _session(part, small.read_bytes())


def _as_onnx(part: Part) -> bytes:
    made = torch.onnx.export(part.module.eval(), part.inputs, dynamo=True, verbose=False)
    assert made is not None
    return made.model_proto.SerializeToString()


def _session(part: Part, model: bytes) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
    names = [given.name for given in session.get_inputs()]
    feed = {name: value.numpy() for name, value in zip(names, part.inputs, strict=True)}
    return lambda: torch.from_numpy(np.asarray(session.run(None, feed)[0]))


FORMATS: dict[str, Callable[[Part], Run]] = {
    "float32, as shipped": plain,
    "bfloat16": half,
    "int8 weights": eighth,
    "ONNX Runtime": exported,
    "ONNX Runtime, int8": exported_eighth,
}


@torch.inference_mode()
def rows() -> Iterator[str]:
    """Yield the table, a line for each part and format."""
    model = side_by_side(from_pretrained(ASSETS / "model"))
    yield "| part | format | ms | off |\n|---|---|---|---|"
    for part in parts(model):
        runs: dict[str, Run] = {}
        for name, make in FORMATS.items():
            try:
                runs[name] = make(part)
                runs[name]()
            except Exception as error:  # one format that fails is a row, not the end
                runs.pop(name, None)
                yield f"| {part.name} | {name} | fails: {str(error).splitlines()[0][:80]} | |"
        true = runs["float32, as shipped"]()
        for name, best in _best(runs).items():
            off = float((runs[name]() - true).abs().max() / true.std())
            yield f"| {part.name} | {name} | {best * 1000:.1f} | {off:.4f} |"


def _best(runs: dict[str, Run]) -> dict[str, float]:
    best = dict.fromkeys(runs, float("inf"))
    for turn in range(WARM + ROUNDS):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if turn >= WARM:
                best[name] = min(best[name], time.perf_counter() - start)
    return best


if __name__ == "__main__":
    for row in rows():
        print(row, flush=True)
