"""A checkpoint comes back as it was, and says what is wrong when it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from engrave import checkpoint
from engrave.checkpoint import from_pretrained, save_pretrained
from engrave.errors import CheckpointError
from tests.woken import ramp, woken_model


@pytest.fixture()
def saved(tmp_path: Path) -> Path:
    save_pretrained(woken_model(), tmp_path / "model", {"version": "v1", "preset": "smoke"})
    return tmp_path / "model"


def test_comes_back_within_half_precision(saved: Path) -> None:
    ours, theirs = woken_model(), from_pretrained(saved)
    assert theirs.facts["version"] == "v1"
    assert theirs.config == ours.config
    torch.testing.assert_close(theirs.encode(ramp()), ours.encode(ramp()), atol=1e-2, rtol=0)
    torch.testing.assert_close(
        theirs.embed_text(["ship"]), ours.embed_text(["ship"]), atol=5e-3, rtol=0
    )


def test_large_tensors_are_cut_into_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "SHARD_BYTES", 1_100_000)
    model = woken_model()
    save_pretrained(model, tmp_path / "m", {})
    shards = list((tmp_path / "m").glob("*.safetensors"))
    assert len(shards) > 3
    assert max(path.stat().st_size for path in shards) < 1_200_000
    torch.testing.assert_close(
        from_pretrained(tmp_path / "m").encode(ramp()), model.encode(ramp()), atol=1e-2, rtol=0
    )


def test_saving_again_replaces_the_whole(saved: Path) -> None:
    (saved / "stray.safetensors").write_bytes(b"old")
    save_pretrained(woken_model(), saved, {"version": "v2"})
    assert not (saved / "stray.safetensors").exists()
    assert from_pretrained(saved).facts["version"] == "v2"


@pytest.mark.parametrize(
    "name",
    ["config.json", "text-vocab.txt", "caption-vocab.txt", "model-00001-of-00001.safetensors"],
)
def test_a_missing_file_is_named(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(CheckpointError, match=name.replace(".", r"\.")):
        from_pretrained(saved)


def test_a_damaged_shard_is_named(saved: Path) -> None:
    shard = saved / "model-00001-of-00001.safetensors"
    shard.write_bytes(shard.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="missing or damaged"):
        from_pretrained(saved)


def test_another_format_says_update(saved: Path) -> None:
    page = json.loads((saved / "config.json").read_text())
    (saved / "config.json").write_text(json.dumps(page | {"format": 99}))
    with pytest.raises(CheckpointError, match="update Engrave"):
        from_pretrained(saved)


def test_weights_of_other_sizes_are_refused(saved: Path) -> None:
    page = json.loads((saved / "config.json").read_text())
    page["config"]["meaning_prior_width"] = 64
    (saved / "config.json").write_text(json.dumps(page))
    with pytest.raises(CheckpointError, match="do not fit"):
        from_pretrained(saved)
