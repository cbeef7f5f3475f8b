"""Saves a model to a folder and loads it: safetensors in half precision, in shards, with config
and vocabularies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.overrides import TorchFunctionMode

from engrave.errors import CheckpointError
from engrave.manifest import FORMAT, read_manifest
from engrave.model.multimodal import MultimodalModel
from engrave.tokenizer import Tokenizer
from engrave.whole import whole_folder

SHARD_BYTES = 14_000_000  # below what many hosts take without large-file storage
INITIALISERS = {"torch.nn.init", "transformers.initialization"}  # modules


class _Unfilled(TorchFunctionMode):
    """Leaves fresh weights as they are: all of them are read from files a moment later, and
    drawing fifty million random numbers takes two seconds."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if getattr(func, "__module__", "") in INITIALISERS:
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))


def save_pretrained(model: MultimodalModel, folder: Path, facts: dict[str, str]) -> None:
    """Write the model to a folder; a reader sees the old model or the new one, never a mixture."""
    with whole_folder(folder) as fresh:
        shards = _write_shards(_half(model), fresh)
        model.text_pieces.save(fresh / "text-vocab.txt")
        model.caption_pieces.save(fresh / "caption-vocab.txt")
        page = {"format": FORMAT, "config": model.config.asdict(), "facts": facts, "shards": shards}
        (fresh / "config.json").write_text(json.dumps(page, indent=2) + "\n", encoding="utf-8")


def from_pretrained(folder: Path | str) -> MultimodalModel:
    """Load a model that `save_pretrained` wrote, in evaluation mode; raises CheckpointError with
    what is wrong."""
    folder = Path(folder)
    manifest = read_manifest(folder)
    pieces = Tokenizer.load(folder / "text-vocab.txt"), Tokenizer.load(folder / "caption-vocab.txt")
    with _Unfilled():
        model = MultimodalModel(manifest.config, *pieces)
    weights: dict[str, Tensor] = {}
    for name in manifest.shards:
        weights |= _read_shard(folder / name)
    _fill(model, weights, folder)
    model.facts = dict(manifest.facts)
    return model.eval().requires_grad_(False)


def _half(model: MultimodalModel) -> dict[str, Tensor]:
    """Weights in fp16, each shared tensor once; counters of normalisation layers are left out."""
    seen: set[int] = set()
    weights = {}
    for name, tensor in model.state_dict().items():
        if tensor.data_ptr() in seen or not tensor.is_floating_point():
            continue
        seen.add(tensor.data_ptr())
        weights[name] = tensor.detach().to("cpu", torch.float16).contiguous().clone()
    return weights


def _write_shards(weights: dict[str, Tensor], folder: Path) -> list[str]:
    groups: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, part in _pieces(weights):
        if size + part.nbytes > SHARD_BYTES and groups[-1]:
            groups.append({})
            size = 0
        groups[-1][name] = part
        size += part.nbytes
    names = [
        f"model-{index + 1:05d}-of-{len(groups):05d}.safetensors" for index in range(len(groups))
    ]
    for name, group in zip(names, groups, strict=True):
        save_file(group, folder / name)
    return names


def _pieces(weights: dict[str, Tensor]) -> list[tuple[str, Tensor]]:
    """Cut tensors larger than a shard along their first dimension: `name@k` is part k."""
    parts: list[tuple[str, Tensor]] = []
    for name, tensor in weights.items():
        count = -(-tensor.nbytes // (SHARD_BYTES - 1_000_000))
        if count == 1:
            parts.append((name, tensor))
        else:
            parts += [
                (f"{name}@{k}", part.contiguous().clone())
                for k, part in enumerate(tensor.chunk(count))
            ]
    return parts


def _read_shard(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path.name} is missing or damaged; copy the model folder again."
        ) from error


def _fill(model: MultimodalModel, weights: dict[str, Tensor], folder: Path) -> None:
    cut: dict[str, dict[int, Tensor]] = {}
    for name in [name for name in weights if "@" in name]:
        whole, index = name.rsplit("@", 1)
        cut.setdefault(whole, {})[int(index)] = weights.pop(name)
    weights |= {name: torch.cat([parts[k] for k in sorted(parts)]) for name, parts in cut.items()}
    try:
        missing, unexpected = model.load_state_dict(
            {k: v.float() for k, v in weights.items()}, strict=False
        )
    except RuntimeError as error:
        raise CheckpointError(
            f"The weights in {folder.name} do not fit their config.json; copy it again."
        ) from error
    own = model.state_dict()
    pointers = {own[name].data_ptr() for name in weights if name not in unexpected}
    # a shared tensor is saved once, a counter not at all
    absent = [
        n for n in missing if own[n].is_floating_point() and own[n].data_ptr() not in pointers
    ]
    if absent or unexpected:
        raise CheckpointError(
            f"The weights in {folder.name} lack {len(absent)} tensors and have {len(unexpected)} "
            "too many; copy the model folder again."
        )
