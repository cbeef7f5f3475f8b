"""Presets and their recipes, and training that begins with a finished model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engrave.checkpoint import from_pretrained
from engrave.errors import ConfigError
from train import config as settings
from train.config import RECIPES
from train.fit import fit, load_start
from train.loop import Interrupted


def test_each_recipe_changes_what_it_is_named_for() -> None:
    words = settings.named("caption_first")
    assert (words.caption_weight, words.image_weight, words.alignment_weight) == (2.0, 1.0, 0.5)
    wide = settings.sizes("wide")
    assert (wide.latent_width, wide.embedding_width) == (2048, 1024)
    assert settings.named("wide").stages == settings.named("small").stages
    tuned = settings.named("finetune")
    assert {(stage.lr, stage.epochs) for stage in tuned.stages.values()} == {(5e-4, 20.0)}
    assert tuned.caption_weight == 2.0 and settings.sizes("finetune").latent_width == 1024
    assert settings.sizes("seed-wide").latent_width == 2048


@pytest.mark.parametrize("preset", ["huge", "small-huge", "huge-wide", "wide-small", ""])
def test_unknown_presets_name_the_choices(preset: str) -> None:
    for ask in (settings.named, settings.sizes):
        with pytest.raises(ConfigError, match="small, seed, caption_first, wide, finetune"):
            ask(preset)


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_every_recipe_trains_at_smoke_size(
    recipe: str, drawn_folder: Path, smoke_run: Path, tmp_path: Path
) -> None:
    start = smoke_run / "model" if recipe == "finetune" else None
    out = tmp_path / "run"
    fit(preset=f"smoke-{recipe}", data=drawn_folder, out=out, epochs=0.4, start=start)
    model = from_pretrained(out / "model")
    assert model.config.preset == f"smoke-{recipe}"
    smoke = settings.sizes("smoke")
    assert model.config.latent_width == smoke.latent_width * (2 if recipe == "wide" else 1)
    with torch.inference_mode():
        z = model.encode(torch.ones(1, 1, 64, 64))
        assert model.embed(z).shape == (1, model.config.embedding_width)
        assert model.decode(z).shape == (1, 1, 64, 64) and model.describe_batch(z)


def test_training_begins_with_the_given_model_and_goes_on_from_there(
    drawn_folder: Path, smoke_run: Path, tmp_path: Path
) -> None:
    sizes, given = settings.sizes("smoke-finetune"), from_pretrained(smoke_run / "model")
    taken = load_start(smoke_run / "model", sizes)
    assert all(
        torch.equal(taken.state_dict()[name], value) for name, value in given.state_dict().items()
    )
    common = {
        "preset": "smoke-finetune", "data": drawn_folder, "out": tmp_path / "run",
        "start": smoke_run / "model", "stage": "captions", "epochs": 1.0,
    }  # fmt: skip
    with pytest.raises(Interrupted):
        fit(**common, stop_after=2)
    held = torch.load(tmp_path / "run" / "model.pt", weights_only=True)
    # the first state kept is that of the start: nothing was drawn by chance
    assert all(
        torch.equal(held["weights"][name], given.state_dict()[name]) for name in held["weights"]
    )
    fit(**common, resume=True)
    after = from_pretrained(tmp_path / "run" / "model").state_dict()
    moved = {
        name.split(".")[0]
        for name in after
        if not torch.equal(after[name], given.state_dict()[name])
    }
    assert moved == {"captioner", "embedding"}


def test_a_start_of_other_sizes_is_refused(smoke_run: Path) -> None:
    with pytest.raises(ConfigError, match="holds a model of preset smoke"):
        load_start(smoke_run / "model", settings.sizes("wide"))
