"""Laws of the latent, and golden numbers of every part on woken weights."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import nn

from engrave.config import ModelConfig, seed, small, smoke
from engrave.errors import ConfigError
from engrave.model import flow
from engrave.model.folded import folded, side_by_side
from engrave.model.multimodal import MultimodalModel
from engrave.model.sphere import SCALE, slerp, to_sphere
from engrave.model.ways import walk_latents
from engrave.tokenizer import SPECIALS, Tokenizer
from tests.woken import ramp, woken_model


@pytest.fixture(scope="module")
def model() -> MultimodalModel:
    return woken_model()


@pytest.fixture(scope="module")
def z(model: MultimodalModel) -> torch.Tensor:
    return model.encode(ramp())


def close(found: torch.Tensor, golden: list[float], tolerance: float = 2e-4) -> None:
    torch.testing.assert_close(found, torch.tensor(golden), atol=tolerance, rtol=0)


def test_meaning_matches_golden_numbers(model: MultimodalModel, z: torch.Tensor) -> None:
    close(model.split(z)[0][1, :4], GOLDEN["meaning"])


def test_layout_matches_golden_numbers(model: MultimodalModel, z: torch.Tensor) -> None:
    close(model.split(z)[1].flatten(1)[1, -4:], GOLDEN["layout"])


def test_decoder_matches_golden_numbers(model: MultimodalModel, z: torch.Tensor) -> None:
    close(model.decoder(*model.split(z))[1, 0, 31, 28:32], GOLDEN["picture"], 2e-3)


def test_embedding_matches_golden_numbers(model: MultimodalModel, z: torch.Tensor) -> None:
    close(model.embed(z)[1, :4], GOLDEN["embedding"])


def test_text_matches_golden_numbers(model: MultimodalModel) -> None:
    close(model.embed_text(["the ship on the sea", "castle"])[0, :4], GOLDEN["text"])


def test_captioner_matches_golden_numbers(model: MultimodalModel, z: torch.Tensor) -> None:
    ids = model.caption_pieces.batch(["ship on sea", "the man"], 24)
    close(model.captioner.token_log_probs(*model.split(z), ids)[:, 1], GOLDEN["words"], 2e-3)


def test_priors_match_golden_numbers(model: MultimodalModel) -> None:
    drawn = model.imagine(model.embed_text(["ship"]), seeds=[3], guidance=2.0, steps=4)
    meaning, layout = (part.flatten(1)[0] for part in model.split(drawn))
    close(torch.cat([meaning[:2], layout[-2:]]), GOLDEN["prior"])


def test_latent_lies_on_its_sphere(model: MultimodalModel, z: torch.Tensor) -> None:
    meaning, layout = model.split(z)
    torch.testing.assert_close(z.norm(dim=-1), torch.ones(2), atol=1e-6, rtol=0)
    torch.testing.assert_close(meaning.mean(-1), torch.zeros(2), atol=1e-6, rtol=0)
    cells = layout.pow(2).mean(1).sqrt()
    torch.testing.assert_close(cells, torch.full_like(cells, SCALE), atol=1e-6, rtol=0)


def test_full_presets_take_their_parts_as_they_are() -> None:
    for config in (small(), seed()):
        assert config.latent_width == 1024
        assert config.latent_width**0.5 * SCALE == 1.0


def test_split_undoes_join(model: MultimodalModel, z: torch.Tensor) -> None:
    torch.testing.assert_close(model.join(*model.split(z)), z, atol=1e-7, rtol=1e-6)


def test_batch_of_two_is_two_of_one(model: MultimodalModel, z: torch.Tensor) -> None:
    single = torch.cat([model.encode(ramp()[i : i + 1]) for i in range(2)])
    torch.testing.assert_close(single, z, atol=1e-5, rtol=0)
    torch.testing.assert_close(model.decode(z)[1:], model.decode(z[1:]), atol=1e-4, rtol=0)


def test_a_folded_eye_sees_the_same(model: MultimodalModel) -> None:
    eye = deepcopy(model.meaning)
    norms = [part for part in eye.net.modules() if isinstance(part, nn.BatchNorm2d)]
    for norm in norms:  # of a fresh network they change nothing
        for numbers in (norm.running_mean, norm.running_var, norm.weight, norm.bias):
            assert numbers is not None
            numbers.uniform_(0.5, 1.5)
    found = folded(eye)
    assert len(norms) > 40
    assert not any(isinstance(part, nn.BatchNorm2d) for part in found.modules())
    torch.testing.assert_close(found(ramp()), eye(ramp()), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.trunk(ramp()), eye.trunk(ramp()), atol=1e-4, rtol=1e-4)


def test_both_parts_are_heard_by_every_reader(model: MultimodalModel, z: torch.Tensor) -> None:
    meaning, layout = model.split(z)
    ids = model.caption_pieces.batch(["ship on sea"] * 2, 24)
    for other in (model.join(meaning.flip(0), layout), model.join(meaning, layout.flip(0))):
        assert (model.decode(other) - model.decode(z)).abs().max() > 1e-3
        assert (model.embed(other) - model.embed(z)).abs().max() > 1e-4
        ours, theirs = (model.captioner.token_log_probs(*model.split(x), ids) for x in (z, other))
        assert (ours - theirs).abs().max() > 1e-3


def test_padding_of_a_text_changes_nothing(model: MultimodalModel) -> None:
    alone = model.embed_text(["ship"])[0]
    beside = model.embed_text(["ship", "the castle on the sea on the left"])[0]
    torch.testing.assert_close(alone, beside, atol=1e-5, rtol=0)


def test_cached_writing_equals_scoring_from_scratch(
    model: MultimodalModel, z: torch.Tensor
) -> None:
    text, score = model.describe(z[:1], num_beams=3, num_candidates=2, max_tokens=6)[0]
    meaning, layout = model.split(z[:1])
    greedy = model.captioner.write(meaning, layout, beams=1, candidates=1, max_tokens=6)
    ids = greedy[:, :1]
    for _ in range(greedy.shape[1] - 1):  # one full pass a word, no cache
        padded = torch.cat([ids, torch.ones_like(ids[:, :1])], dim=1)
        ids = torch.cat([ids, model.captioner(meaning, layout, padded)[:, -1:].argmax(-1)], dim=1)
    assert ids.tolist() == greedy.tolist()
    assert score < 0 and isinstance(text, str)


def test_candidates_are_distinct_and_best_first(model: MultimodalModel, z: torch.Tensor) -> None:
    found = model.describe(z[:1], num_beams=4, num_candidates=3, max_tokens=6)
    assert len({text for text, _ in found}) == len(found)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_a_seed_decides_whatever_stands_beside_it(model: MultimodalModel) -> None:
    both = model.imagine(None, seeds=[5, 6], guidance=1.0, steps=3)
    torch.testing.assert_close(both[1:], model.imagine(None, seeds=[6], guidance=1.0, steps=3))
    assert (both[0] - both[1]).abs().max() > 1e-3


def test_an_exemplar_pulls_the_layout_as_far_as_it_is_held(
    model: MultimodalModel, z: torch.Tensor
) -> None:
    def drawn(hold: float) -> torch.Tensor:
        return model.imagine(None, seeds=[5], guidance=1.0, steps=3, exemplars_BL=z[:1], hold=hold)

    free = model.imagine(None, seeds=[5], guidance=1.0, steps=3)
    torch.testing.assert_close(drawn(0.0), free)
    layout = model.split(z[:1])[1]
    far, near = (float((model.split(drawn(h))[1] - layout).norm()) for h in (0.5, 0.999))
    assert near < far


@pytest.mark.parametrize("mode", ["prior", "direct"])
@pytest.mark.parametrize("curve", ["slerp", "lerp"])
def test_a_walk_begins_and_ends_where_it_should(
    model: MultimodalModel, z: torch.Tensor, mode: str, curve: str
) -> None:
    walk = walk_latents(
        model, z[0], z[1], shares=[0, 0.25, 0.5, 0.75, 1], mode=mode, curve=curve, steps=4
    )
    torch.testing.assert_close(walk[0], z[0], atol=1e-5, rtol=0)
    torch.testing.assert_close(walk[-1], z[1], atol=1e-5, rtol=0)
    torch.testing.assert_close(walk.norm(dim=-1), z[0].norm().expand(5), atol=1e-5, rtol=0)
    assert (walk[2] - z[0]).norm() > 0.01 and (walk[2] - z[1]).norm() > 0.01


def test_integrating_back_undoes_integrating_forth() -> None:
    turn = torch.tensor([[0.0, 1.0], [-1.0, 0.2]])
    start = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    ahead = flow.integrate(lambda x, t: x @ turn + t, start, start=0.0, end=1.0, steps=400)
    back = flow.integrate(lambda x, t: x @ turn + t, ahead, start=1.0, end=0.0, steps=400)
    torch.testing.assert_close(back, start, atol=0.02, rtol=0)
    assert (ahead - start).norm() > 1.0


def test_guidance_of_one_is_the_plain_conditional() -> None:
    a, b = torch.tensor([1.0]), torch.tensor([3.0])
    assert float(flow.guided(b, a, 1.0)) == 3.0 and float(flow.guided(b, a, 2.0)) == 5.0


def test_slerp_keeps_the_norm_and_lerp_does_not() -> None:
    a, b = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 3.0])
    torch.testing.assert_close(slerp(a, b, 0.5).norm(), torch.tensor(3.0))
    assert torch.lerp(a, b, 0.5).norm() < 2.2


def test_slerp_of_a_point_with_itself_stays() -> None:
    a = to_sphere(torch.randn(8), dim=-1)
    torch.testing.assert_close(slerp(a, a, 0.3), a)


def test_seed_has_the_earlier_runs_size() -> None:
    pieces = Tokenizer([*SPECIALS, *(f"w{i}" for i in range(seed().text_vocab - 4))])
    words = Tokenizer([*SPECIALS, *(f"w{i}" for i in range(seed().caption_vocab - 4))])
    with torch.device("meta"):
        model = MultimodalModel(seed(), pieces, words)
    count = sum(p.numel() for p in model.parameters())
    assert 0.9 * 85e6 < count < 1.1 * 85e6


def test_bad_sizes_name_the_fix() -> None:
    with pytest.raises(ConfigError, match="use 224 or 256"):
        ModelConfig(side_px=250)
    with pytest.raises(ConfigError, match="multiple of text_heads"):
        ModelConfig(text_width=100, text_heads=7)
    with pytest.raises(ConfigError, match="choose one of smoke, small, seed"):
        ModelConfig.named("huge")
    with pytest.raises(ConfigError, match="unknown fields"):
        ModelConfig.fromdict({"colour": 3})


def test_a_config_comes_back_from_its_dict() -> None:
    assert (
        ModelConfig.fromdict(
            {k: list(v) if isinstance(v, tuple) else v for k, v in smoke().asdict().items()}
        )
        == smoke()
    )


GOLDEN: dict[str, list[float]] = {
    "meaning": [0.00326, -0.01024, -0.00349, 0.04471],
    "layout": [-0.0421, 0.01981, -0.01171, 0.02116],
    "picture": [-0.8528, 2.44766, -1.8444, 0.61616],
    "embedding": [0.03669, 0.02821, -0.17553, -0.19994],
    "text": [0.02903, -0.00369, -0.02856, -0.02567],
    "words": [-4.2371, -4.06173],
    "prior": [0.00025, 0.02134, -0.01613, -0.01612],
}


def test_channels_side_by_side_draw_and_read_the_same() -> None:
    model = woken_model()
    z = torch.nn.functional.normalize(torch.randn(2, model.config.latent_width), dim=-1)
    with torch.inference_mode():
        drawn = model.decode(z)
        layout = model.layout(drawn)
        assert side_by_side(model) is model
        again = model.decode(z)
        assert torch.allclose(drawn, again, atol=1e-3) and float(drawn.std()) > 0.1
        assert torch.allclose(layout, model.layout(again), atol=1e-3)
    first = model.decoder.levels[0][0].first.weight
    assert first.is_contiguous(memory_format=torch.channels_last)
