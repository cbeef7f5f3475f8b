"""The model is read when it is first needed, and the page is shown before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engrave.checkpoint import save_pretrained
from engrave.collection import Collection
from engrave.engine import Engine
from engrave.errors import CheckpointError
from engrave.manifest import read_manifest
from engrave.model.multimodal import MultimodalModel

ROOT = Path(__file__).parents[1]


def test_a_page_needs_no_torch() -> None:
    """The page is shown before the model is read; a fresh process tells."""
    command = (
        "import sys; from engrave.engine import Engine; from engrave.ui.page import build_page; "
        "build_page(Engine.load()); print(sorted({'torch', 'transformers'} & {*sys.modules}))"
    )
    told = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert told.stdout.splitlines()[-1] == "[]"


def test_damaged_weights_are_told_when_they_are_read(
    tiny_model: MultimodalModel, tmp_path: Path
) -> None:
    save_pretrained(tiny_model, tmp_path / "m", {"version": "one"})
    shard = next((tmp_path / "m").glob("*.safetensors"))
    shard.write_bytes(shard.read_bytes()[:100])
    engine = Engine(read_manifest(tmp_path / "m"), Collection())
    assert engine.model_version == "one"
    for _ in range(2):  # and again, not only the first time
        with pytest.raises(CheckpointError, match=r"missing or damaged; copy the model folder"):
            engine.wake()
