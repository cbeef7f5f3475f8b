"""Lets ONNX Runtime compute the parts of the model that take the time: the same numbers, sooner.

The graphs lie beside the code and hold no weights; each part gives its own. Where no graph has its
sizes, where ONNX Runtime is missing, on a GPU, or if $ENGRAVE_RUNTIME is `torch`, torch goes on.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from engrave.model.decoder import paper_grain
from engrave.model.folded import folded, side_by_side
from engrave.model.multimodal import MultimodalModel
from engrave.model.steps import Steps
from engrave.places import GRAPHS

LIST = "weights.json"  # of each graph in a folder: the names and shapes of what it is to be given
SWITCH = "ENGRAVE_RUNTIME"
Shapes = dict[str, list[int]]


class Graph(nn.Module):
    """A part of the model as ONNX Runtime computes it: float32 on the CPU."""

    def __init__(self, path: Path, weights: Mapping[str, Tensor], *fixed: Tensor) -> None:
        super().__init__()
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False  # it would keep what the largest request once took
        # else threads that wait spin, and whatever runs beside them is starved
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        given = {name: _array(weight) for name, weight in weights.items()}
        values = [ort.OrtValue.ortvalue_from_numpy(array) for array in given.values()]
        options.add_external_initializers(list(given), values)
        providers = ["CPUExecutionProvider"]
        self._session = ort.InferenceSession(path.read_bytes(), options, providers)
        self._names = [one.name for one in self._session.get_inputs()]
        self._fixed = fixed

    def forward(self, *given: Tensor) -> Tensor:
        """Return what the part itself would, for its inputs in order."""
        return self.all(*given)[0]

    def _save_to_state_dict(self, *_: Any) -> None:
        raise RuntimeError("a model whose parts run on ONNX Runtime has no weights left to save")

    def all(self, *given: Tensor) -> list[Tensor]:
        """Return everything that a part with several results computes."""
        arrays = [_array(one) for one in (*given, *self._fixed)]
        found = self._session.run(None, dict(zip(self._names, arrays, strict=True)))
        return [torch.from_numpy(one) for one in found]


def hastened(model: MultimodalModel) -> tuple[MultimodalModel, nn.Module]:
    """Return the model, its heavy parts exchanged, and its encoder of the meaning for inference."""
    side_by_side(model)
    eye = _exchanged("eye", folded(model.meaning))
    grain = paper_grain(model.config.grid * 8)
    model.layout = _exchanged("layout", model.layout)
    model.decoder = _exchanged("decoder", model.decoder, grain)
    model.meaning_prior = _exchanged("meaning_prior", model.meaning_prior)
    model.layout_prior = _exchanged("layout_prior", model.layout_prior)
    words = model.captioner.bert.bert
    step = _exchanged("caption_step", words.encoder)
    if isinstance(step, Graph):
        words.encoder = cast(Any, Steps(words.encoder, step.all))
    return model, eye


def _exchanged(name: str, part: nn.Module, *fixed: Tensor) -> Any:
    """Return the part on ONNX Runtime, or the part itself where that cannot be."""
    if isinstance(part, Graph):
        return part
    weights = part.state_dict()
    folder = _fitting(name, weights)
    if folder is None:
        return part
    wanted = _listed(folder)[name]
    try:
        return Graph(folder / f"{name}.onnx", {key: weights[key] for key in wanted}, *fixed)
    except Exception as error:  # its errors have no base of their own
        logging.getLogger(__name__).warning(
            "ONNX Runtime cannot read %s (%s); torch computes it, more slowly.",
            f"{name}.onnx",
            str(error).strip().split("\n")[0][:200],
        )
        return part


def _fitting(name: str, weights: Mapping[str, Tensor]) -> Path | None:
    """Return the folder whose graph has these sizes."""
    if os.environ.get(SWITCH) == "torch" or not find_spec("onnxruntime"):
        return None
    if not weights or any(weight.device.type != "cpu" for weight in weights.values()):
        return None
    own = {key: list(weight.shape) for key, weight in weights.items()}
    return next((path for path in _folders() if _fits(_listed(path).get(name), own)), None)


def _fits(wanted: Shapes | None, own: Shapes) -> bool:
    return wanted is not None and wanted.items() <= own.items()


def _folders() -> list[Path]:
    return sorted(path.parent for path in GRAPHS.glob(f"*/{LIST}"))


@cache
def _listed(folder: Path) -> dict[str, Shapes]:
    return dict(json.loads((folder / LIST).read_text(encoding="utf-8")))


def _array(x: Tensor) -> np.ndarray:
    return x.detach().contiguous().numpy()
