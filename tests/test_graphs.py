"""What ONNX Runtime computes is what torch would; where it cannot, torch does."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from engrave.checkpoint import from_pretrained, save_pretrained
from engrave.collection import Collection
from engrave.config import ModelConfig
from engrave.model import graphs
from engrave.model.captioner import SharedCache
from engrave.model.graphs import Graph, hastened
from engrave.model.multimodal import MultimodalModel
from engrave.model.steps import Steps
from engrave.places import ASSETS
from engrave.studio import Studio
from train.graphs import parts, write_graphs

SHIPPED = ASSETS / "model"
SMALL = graphs.GRAPHS / "small"
PARTS = ("layout", "decoder", "meaning_prior", "layout_prior")
OFF = 1e-4  # of the spread of the numbers


@pytest.fixture(scope="module")
def plain() -> MultimodalModel:
    return from_pretrained(SHIPPED)


@pytest.fixture(scope="module")
def quick() -> tuple[MultimodalModel, torch.nn.Module]:
    return hastened(from_pretrained(SHIPPED))


@pytest.fixture(autouse=True)
def reading() -> Iterator[None]:
    with torch.inference_mode():
        yield


def inputs(model: MultimodalModel, part: str, count: int) -> tuple[Tensor, ...]:
    """Return what a part is called with, for so many pictures."""
    config, chance = model.config, torch.Generator().manual_seed(count)
    draw = [config.meaning_width, config.embedding_width]
    meaning, text = (torch.randn((count, width), generator=chance) for width in draw)
    when, yes = torch.rand(count, generator=chance), torch.arange(count) % 2 == 0
    cells = torch.randn((count, config.grid**2, config.layout_channels), generator=chance)
    picture = torch.rand((count, 1, config.side_px, config.side_px), generator=chance) * 2 - 1
    return {
        "eye": (picture,),
        "layout": (picture,),
        "decoder": (meaning / 32, cells.mT.unflatten(2, (config.grid, -1)) / 32),
        "meaning_prior": (meaning, when, text, yes),
        "layout_prior": (cells, when, meaning, text, yes),
    }[part]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("part", PARTS)
def test_a_graph_gives_the_numbers_of_its_part(
    plain: MultimodalModel,
    quick: tuple[MultimodalModel, torch.nn.Module],
    part: str,
    count: int,
) -> None:
    ours, theirs = getattr(quick[0], part), getattr(plain, part)
    assert isinstance(ours, Graph) and not isinstance(theirs, Graph)
    given = inputs(plain, part, count)
    true = theirs(*given)
    assert (ours(*given) - true).abs().max() < OFF * true.std()


@pytest.mark.parametrize("count", [1, 3])
def test_the_eye_sees_what_the_encoder_sees(
    plain: MultimodalModel, quick: tuple[MultimodalModel, torch.nn.Module], count: int
) -> None:
    given = inputs(plain, "eye", count)
    true = plain.meaning(*given)
    assert isinstance(quick[1], Graph)
    assert (quick[1](*given) - true).abs().max() < OFF * true.std()


def test_captions_are_the_same_by_beams_and_by_chance(
    plain: MultimodalModel, quick: tuple[MultimodalModel, torch.nn.Module]
) -> None:
    assert isinstance(quick[0].captioner.bert.bert.encoder, Steps)
    z = torch.from_numpy(Collection.load(ASSETS / "collection").latents[:6])
    for beams in (1, 3):
        ours, theirs = (one.describe_batch(z, num_beams=beams) for one in (quick[0], plain))
        assert ours == theirs and len(set(ours)) > 1
    ours, theirs = (one.sample_captions(z[:1], num=3, seed=4) for one in (quick[0], plain))
    assert ours == theirs
    close = zip(quick[0].describe(z[:1]), plain.describe(z[:1]), strict=True)
    for (text, score), (true, right) in close:
        assert text == true and score == pytest.approx(right, abs=1e-4)


def test_each_piece_but_the_first_is_computed_by_the_graph(
    quick: tuple[MultimodalModel, torch.nn.Module], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, steps = quick[0], quick[0].captioner.bert.bert.encoder
    assert isinstance(steps, Steps)
    calls: list[int] = []
    compute = steps._compute
    monkeypatch.setattr(steps, "_compute", lambda *given: calls.append(1) or compute(*given))
    z = model.encode(inputs(model, "eye", 1)[0])
    ids = model.captioner.write(*model.split(z), beams=3, candidates=1, max_tokens=9)
    assert len(calls) >= ids.shape[1] - 2 > 3


def test_beams_share_what_they_look_at() -> None:
    cache = SharedCache()
    cache.update(torch.arange(6.0).view(6, 1, 1, 1), torch.zeros(6, 1, 1, 1), 0)
    cache.reorder_cache(torch.tensor([0, 0, 1, 3, 3, 4]))
    assert cache.layers[0].keys.flatten().tolist() == [0, 1, 2, 3, 4, 5]


def test_threads_change_no_number_of_a_graph(plain: MultimodalModel) -> None:
    wanted = json.loads((SMALL / graphs.LIST).read_text())["layout_prior"]
    weights = plain.layout_prior.state_dict()
    given = inputs(plain, "layout_prior", 1)
    found, count = [], torch.get_num_threads()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            path = SMALL / "layout_prior.onnx"
            found.append(Graph(path, {name: weights[name] for name in wanted})(*given))
    finally:
        torch.set_num_threads(count)
    assert all(torch.equal(found[0], other) for other in found[1:])


def test_a_model_of_other_sizes_stays_with_torch(tiny_model: MultimodalModel) -> None:
    studio = Studio(tiny_model)
    assert not any(isinstance(one, Graph) for one in studio._model.modules())
    assert not isinstance(studio._eye, Graph)


@pytest.mark.parametrize("lack", ["package", "switch", "graphs", "damaged", "empty"])
def test_torch_goes_on_where_onnx_runtime_cannot(
    lack: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if lack == "package":
        monkeypatch.setattr(graphs, "find_spec", lambda name: None)
    elif lack == "switch":
        monkeypatch.setenv(graphs.SWITCH, "torch")
    else:
        monkeypatch.setattr(graphs, "GRAPHS", tmp_path)
    if lack in ("damaged", "empty"):
        folder = shutil.copytree(SMALL, tmp_path / "small")
        for path in folder.glob("*.onnx"):
            data = path.read_bytes()
            path.write_bytes(data[: len(data) // 2] if lack == "damaged" else b"")
    with caplog.at_level(logging.WARNING):
        model, eye = hastened(from_pretrained(SHIPPED))
    assert not any(isinstance(one, Graph | Steps) for one in (eye, *model.modules()))
    told = [record.getMessage() for record in caplog.records if "ONNX Runtime" in record.message]
    assert len(told) == (6 if lack in ("damaged", "empty") else 0)
    assert all("torch computes it" in line and "\n" not in line for line in told)


def test_a_model_without_its_weights_is_not_saved(
    quick: tuple[MultimodalModel, torch.nn.Module], tmp_path: Path
) -> None:
    with pytest.raises(RuntimeError, match="no weights left to save"):
        save_pretrained(quick[0], tmp_path / "model", {})
    assert not (tmp_path / "model").exists()


def test_a_model_is_hastened_once(quick: tuple[MultimodalModel, torch.nn.Module]) -> None:
    before = quick[0].layout_prior
    assert hastened(quick[0])[0].layout_prior is before


def test_the_graphs_that_ship_are_those_of_the_parts(tmp_path: Path) -> None:
    """Whoever changes a part writes the graphs anew: `python -m train graphs`."""
    (folder,) = write_graphs(("small",), tmp_path)
    for path in sorted(folder.iterdir()):
        assert path.read_bytes() == (SMALL / path.name).read_bytes(), path.name


def test_graphs_of_the_full_size_ask_for_weights_that_it_has() -> None:
    listed = json.loads((graphs.GRAPHS / "seed" / graphs.LIST).read_text())
    for name, part in parts(ModelConfig.named("seed")).items():
        own = part.module.state_dict()
        assert listed[name] and {key: list(own[key].shape) for key in listed[name]} == listed[name]
