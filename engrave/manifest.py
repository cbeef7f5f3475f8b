"""Reads what a folder says of the model in it, without its weights. Knows no tensors.

So a page can be shown at once, while torch and fifty million weights are still being read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engrave.config import ModelConfig
from engrave.errors import CheckpointError
from engrave.places import folder_of

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """The page of a model's folder: sizes, facts such as its version, and the names of its
    shards."""

    folder: Path
    config: ModelConfig
    facts: dict[str, str]
    shards: tuple[str, ...]


def manifest_of(model: Path | None) -> Manifest:
    """Read the page of the given model, else of the one that is named or shipped."""
    model = model or folder_of("model")
    if model is None:
        raise CheckpointError(
            "Engrave is installed here without weights; copy the folder assets/model of its "
            "repository or Space to this machine and name it by --model or $ENGRAVE_MODEL."
        )
    return read_manifest(model)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a folder that `save_pretrained` wrote; raises CheckpointError."""
    page = _read_page(folder)
    shards = tuple(str(name) for name in page["shards"])
    for name in shards:
        if not (folder / name).is_file():
            raise CheckpointError(f"{name} is missing or damaged; copy the model folder again.")
    return Manifest(folder, ModelConfig.fromdict(page["config"]), dict(page["facts"]), shards)


def _read_page(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if not path.is_file():
        raise CheckpointError(
            f"{folder} holds no config.json; point to a folder that `save_pretrained` wrote."
        )
    try:
        page = dict(json.loads(path.read_text(encoding="utf-8")))
        found, _ = page["format"], (page["config"], page["facts"], page["shards"])
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path.name} cannot be read ({error}); copy the model folder again."
        ) from error
    if found != FORMAT:
        raise CheckpointError(
            f"The checkpoint has format {found}, this version reads {FORMAT}; update Engrave."
        )
    return page
