"""Texts and numbers of a request: what passes, and the sentence for what does not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engrave.errors import PromptError
from engrave.limits import (
    FRAMES,
    GUIDANCE,
    MAX_CHARACTERS,
    PLATES,
    SEED,
    clean_text,
    needed_text,
    one_of,
)

HUGE = 10**5000  # Python refuses to write it out


@pytest.mark.parametrize("value", [math.nan, math.inf, -1, 0, 99, 2.5, None, "4", True])
def test_a_wrong_count_gets_a_sentence(value: object) -> None:
    with pytest.raises(PromptError, match=r"^The number of engravings is .+ from 1 to 8\.$"):
        PLATES.whole(value)


def test_a_number_too_large_to_write_gets_a_sentence() -> None:
    with pytest.raises(PromptError, match="seed is far too large; choose"):
        SEED.whole(HUGE)


def test_bounds_are_allowed() -> None:
    assert [PLATES.whole(1), PLATES.whole(8.0)] == [1, 8]
    assert SEED.whole(2**32 - 1) == 2**32 - 1
    assert [GUIDANCE.number(0), GUIDANCE.number(10)] == [0.0, 10.0]
    with pytest.raises(PromptError, match="seed is 4294967296"):
        SEED.whole(2**32)


def test_whole_floats_become_ints() -> None:
    found = FRAMES.whole(16.0)
    assert found == 16 and isinstance(found, int)


@pytest.mark.parametrize("value", [math.nan, -math.inf, -0.1, 10.5, "high", None])
def test_wrong_guidance_gets_a_sentence(value: object) -> None:
    with pytest.raises(PromptError, match=r"guidance is .+; choose a number from 0 to 10\."):
        GUIDANCE.number(value)


def test_numpy_numbers_are_numbers() -> None:
    assert GUIDANCE.number(np.float64(2.5)) == 2.5
    assert PLATES.whole(np.int64(3)) == 3


def test_five_thousand_words_are_refused_with_both_numbers() -> None:
    with pytest.raises(PromptError, match=r"has 24,999 characters and at most 300"):
        clean_text(" ".join(["ship"] * 5000))


def test_the_longest_text_passes() -> None:
    text = "a" * MAX_CHARACTERS
    assert clean_text(f"  {text}\n") == text
    with pytest.raises(PromptError, match="shorten"):
        clean_text(text + "a")


def test_control_characters_go_and_words_stay_apart() -> None:
    assert clean_text("a\x00 ship\r\n\tin \x1b[31ma storm\u202e") == "a ship in [31ma storm"


@pytest.mark.parametrize("text", ["🚢🌊", "سفينة في عاصفة", "אניה בסערה", "Шторм", "👩‍👩‍👧 at sea"])
def test_emoji_and_right_to_left_text_pass_unchanged(text: str) -> None:
    assert clean_text(text) == text


def test_a_lone_surrogate_is_left_out() -> None:
    assert clean_text("a\ud800b") == "ab"


def test_empty_text_is_allowed_only_where_none_is_needed() -> None:
    assert clean_text(" \x00\n") == ""
    with pytest.raises(PromptError, match="The text is empty; write"):
        needed_text(" \u202e ")


def test_a_text_that_is_no_text_gets_a_sentence() -> None:
    with pytest.raises(PromptError, match="The text is missing"):
        clean_text(None)


def test_one_of_names_what_is_allowed() -> None:
    assert one_of("mode", "prior", ("prior", "direct")) == "prior"
    with pytest.raises(PromptError, match="The mode is 'loop'; choose prior or direct"):
        one_of("mode", "loop", ("prior", "direct"))
