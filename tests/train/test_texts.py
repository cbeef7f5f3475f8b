"""Mirrored captions, facet sentences, vocabularies."""

from __future__ import annotations

import pytest

from engrave.tokenizer import SPECIALS, Tokenizer
from train.texts import facet_text, latin_pieces, minilm_pieces, mirrored, pieces_in_use


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("a man at the left looks to the right", "a man at the right looks to the left"),
        ("Left of the tower", "Right of the tower"),
        ("the leftmost figure faces rightward", "the rightmost figure faces leftward"),
        ("a chest left open by a brightly lit wall", "a chest left open by a brightly lit wall"),
        ("two lines at right angles on the left", "two lines at right angles on the right"),
        ("a cleft rock and an upright stone", "a cleft rock and an upright stone"),
    ],
)
def test_mirroring(caption: str, expected: str) -> None:
    assert mirrored(caption) == expected


def test_mirroring_twice_changes_nothing() -> None:
    caption = "a ship at the left sails right past the leftmost rock"
    assert mirrored(mirrored(caption)) == caption


def test_facet_texts_name_medium_subject_and_title() -> None:
    row = {"caption": "a ship", "technique": "woodcut", "subject": "sea", "printed": "THE ARK"}
    found = {facet_text(row, k) for k in range(4)}
    assert found == {"a woodcut of a ship", "a ship, sea", "THE ARK, a ship", "a woodcut, sea"}
    assert facet_text({"caption": "a ship"}, 3) == "a ship"


def test_latin_pieces_keep_specials_first_and_drop_other_scripts() -> None:
    kept = latin_pieces(minilm_pieces())
    assert tuple(kept[:4]) == SPECIALS
    assert "ship" in kept and not any("[unused" in piece or "中" in piece for piece in kept)


def test_the_cut_vocabulary_spells_every_word() -> None:
    pieces = pieces_in_use(["a ship on the sea", "a ship"], minilm_pieces(), 160)
    tokenizer = Tokenizer(pieces)
    assert len(pieces) <= 160
    text = "a zebra on the ship"
    assert tokenizer.decode(tokenizer.encode(text, 40)) == text
