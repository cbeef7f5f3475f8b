"""Recipes: what they hold survives their file, bad ones get a sentence, and they make it again."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from engrave.engine import Engine
from engrave.errors import EngraveError, RecipeError
from engrave.image import png_with_metadata
from engrave.marks import parameters
from engrave.model.multimodal import MultimodalModel
from engrave.recipe import Mix, Recipe, Shift, Vary
from engrave.recipe_file import drawn, from_file, from_json, from_png
from tests.tiny import tiny_collection, tiny_item

QUICK = Recipe(text="a ship", seed=7, guidance=1.5, steps=2)


@pytest.fixture
def engine(tiny_model: MultimodalModel) -> Engine:
    """An engine over 40 random engravings."""
    return Engine(tiny_model, tiny_collection(40))


def every_edit(engine: Engine) -> Recipe:
    """Return a recipe that uses all that recipes can."""
    across, up = (one.name for one in engine.maker.directions[:2])
    other = Recipe(engraving=tiny_item(3).id).then(Vary(strength=0.3, seed=1))
    recipe = Recipe(text="a ship", less="people", less_weight=1.5, seed=0, guidance=0, steps=3)
    recipe = recipe.then(Vary(strength=0.5, seed=9))
    recipe = recipe.then(Shift(across=across, up=up, x=2.0, y=-1.0))
    return recipe.then(Mix(meaning_of=other, strength=0.4, seed=0))


def test_a_recipe_survives_its_file(engine: Engine, tmp_path: Path) -> None:
    recipe = engine.maker.make(every_edit(engine), describe=False).recipe
    assert recipe.exemplar, "what chance chose stands in it"
    path = tmp_path / "one.json"
    path.write_text(recipe.as_json(), encoding="utf-8-sig")
    assert from_file(path) == recipe


def test_a_recipe_makes_the_same_pixels_again(engine: Engine) -> None:
    for recipe in (QUICK, every_edit(engine), Recipe(engraving=tiny_item(5).id)):
        once = engine.maker.make(recipe, describe=False)
        again = engine.maker.make(from_json(once.recipe.as_json()), describe=False)
        assert once.image.tobytes() == again.image.tobytes()
        assert again.recipe == once.recipe


def test_a_recipe_rides_in_the_png(engine: Engine) -> None:
    plate = engine.maker.make(every_edit(engine), describe=False)
    png = png_with_metadata(plate.image, plate.facts())
    assert from_png(png) == from_file(png) == plate.recipe


def test_settings_come_back_from_parameters_alone(engine: Engine) -> None:
    plate = engine.maker.make(
        Recipe(text="a ship, at sea: calm", less="people", steps=2), describe=False
    )
    facts = {k: v for k, v in plate.facts().items() if k != "recipe"}
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("parameters", parameters(facts))
    buffer = io.BytesIO()
    Image.new("L", (32, 32)).save(buffer, "PNG", pnginfo=chunks)
    found = from_png(buffer.getvalue())
    assert (found.text, found.less) == ("a ship, at sea: calm", "people")
    assert (found.seed, found.guidance, found.steps) == (0, 2.0, 2)


def test_a_strength_of_0_leaves_the_very_same_picture(engine: Engine) -> None:
    plain = engine.maker.make(QUICK, describe=False)
    same = engine.maker.make(plain.recipe.then(Vary(strength=0, seed=5)), describe=False)
    assert same.image.tobytes() == plain.image.tobytes()
    np.testing.assert_array_equal(same.latent, plain.latent)


def test_more_strength_leads_farther_away(engine: Engine) -> None:
    plain = engine.maker.make(QUICK, describe=False)
    lengths = []
    for strength in (0.1, 0.5, 1.0):
        moved = engine.maker.make(
            plain.recipe.then(Vary(strength=strength, seed=5)), describe=False
        )
        lengths.append(float(np.linalg.norm(moved.latent - plain.latent)))
    assert 0 < lengths[0] < lengths[1] < lengths[2]


def test_a_mix_keeps_one_layout_and_the_other_meaning(engine: Engine) -> None:
    a, b = (engine.collection.latents[row] for row in (1, 2))
    first, second = (Recipe(engraving=tiny_item(row).id) for row in (1, 2))
    mixed, _ = engine.maker.latent(first.then(Mix(meaning_of=second, strength=0, seed=0)))
    width = engine.config.meaning_width
    np.testing.assert_allclose(mixed[:width], b[:width], atol=1e-6)
    np.testing.assert_allclose(mixed[width:], a[width:], atol=1e-6)


def test_a_picture_from_elsewhere_begins_a_recipe(engine: Engine) -> None:
    latent = engine.collection.latents[4]
    found, _ = engine.maker.latent(engine.maker.start_of(latent))
    np.testing.assert_array_equal(found, latent)


def test_less_of_something_changes_the_picture(engine: Engine) -> None:
    plain = engine.maker.make(QUICK, describe=False)
    for weight in (0.5, 2.0):
        less = Recipe(
            text="a ship", less="people", less_weight=weight, seed=7, guidance=1.5, steps=2
        )
        made = engine.maker.make(less, describe=False)
        assert made.image.tobytes() != plain.image.tobytes()
        assert "Negative prompt: people" in png_with_metadata(made.image, made.facts()).decode(
            "latin-1"
        )


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "no JSON"),
        ("[1]", "no recipe"),
        ("{}", "format None"),
        ('{"format": 2}', "format 2"),
        ('{"format": 1, "colour": 1}', "'colour'"),
        ('{"format": 1, "seed": -1}', "The seed is -1"),
        ('{"format": 1, "seed": NaN}', "The seed is nan"),
        ('{"format": 1, "seed": "7"}', "The seed is '7'"),
        ('{"format": 1, "steps": 1e9}', "number of steps"),
        ('{"format": 1, "text": 5}', "The text is 5"),
        ('{"format": 1, "corner_mark": 1}', "true or false"),
        ('{"format": 1, "edits": 3}', "no list"),
        ('{"format": 1, "edits": [{}]}', "vary, shift, mix"),
        ('{"format": 1, "edits": [{"kind": "vary"}]}', "lacks seed, strength"),
        ('{"format": 1, "edits": [{"kind": "vary", "strength": 2, "seed": 1}]}', "strength is 2"),
        ('{"format": 1, "edits": [{"kind": "mix", "strength": 0, "seed": 1, "meaning_of": 1}]}',
         "second"),
        ("[" * 100_000, "no JSON"),
        ("{" + " " * 300_000, "200 kB"),
    ],
)  # fmt: skip
def test_a_bad_recipe_gets_a_sentence(text: str, match: str) -> None:
    with pytest.raises(EngraveError, match=match):
        from_json(text)


def test_recipes_within_recipes_come_to_an_end() -> None:
    recipe = Recipe()
    for _ in range(9):
        recipe = Recipe().then(Mix(meaning_of=recipe, strength=0, seed=0))
    with pytest.raises(RecipeError, match="deep"):
        from_json(recipe.as_json())


@pytest.mark.parametrize(
    ("page", "match"),
    [
        ({"engraving": "9-9"}, "which this collection lacks"),
        ({"exemplar": "9-9"}, "which this collection lacks"),
        ({"latent": "!!"}, "damaged"),
        ({"latent": "AAAA"}, "damaged"),
        ({"latent": "AAAAAA=="}, "48 finite numbers"),
        ({"edits": [{"kind": "shift", "across": "x", "up": "x", "x": 1, "y": 0}]},
         "no direction 'x'"),
    ],
)  # fmt: skip
def test_a_recipe_of_another_collection_gets_a_sentence(
    engine: Engine, page: dict[str, object], match: str
) -> None:
    recipe = from_json(json.dumps({"format": 1, "steps": 1, **page}))
    with pytest.raises(RecipeError, match=match):
        engine.maker.make(recipe)


def test_a_file_that_tells_nothing_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="does not tell how it was made"):
        from_png(png_with_metadata(Image.new("L", (32, 32)), {}))
    for data in (b"", b"\xff\xd8\xff", b"GIF89a"):
        with pytest.raises(RecipeError, match="neither a recipe"):
            from_file(data)
    with pytest.raises(RecipeError, match="cannot be read"):
        from_file(tmp_path / "missing.json")


def test_no_damage_breaks_the_reader(engine: Engine) -> None:
    whole = every_edit(engine).as_json().encode()
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            damaged[place] = rng.integers(0, 256)
        try:
            from_json(bytes(damaged))
        except EngraveError:
            continue


def nested(depth: int, width: int) -> Recipe:
    """Return a recipe with others inside of it, each with as many."""
    recipe = Recipe(text="a ship", steps=2)
    for _ in range(width if depth else 0):
        inner = nested(depth - 1, width)
        recipe = recipe.then(Mix(meaning_of=inner, strength=0.5, seed=0))
    return recipe


def test_a_recipe_cannot_hold_the_line_for_hours(engine: Engine) -> None:
    assert drawn(nested(1, 2)) == 5
    for recipe in (nested(3, 8), nested(2, 24)):
        with pytest.raises(RecipeError, match="at most 50"):
            from_json(recipe.as_json())
        with pytest.raises(RecipeError, match="at most 50"):
            engine.maker.make(recipe)
    fine = nested(1, 24)
    assert from_json(fine.as_json()) == fine and drawn(fine) == 49


def test_a_recipe_inside_of_another_can_be_stopped(engine: Engine) -> None:
    told: list[float] = []
    engine.maker.latent(nested(3, 1), lambda share, _: told.append(share))
    assert told == sorted(told) and 0 <= told[0] and told[-1] <= 1
    own: list[float] = []
    engine.maker.latent(nested(0, 0), lambda share, _: own.append(share))
    assert len(told) >= 4 * len(own)  # each of the four that are drawn tells of its steps
