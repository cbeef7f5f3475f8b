"""Cuts text into WordPiece ids and back. Knows a vocabulary, no model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer as WordPieceTokenizer
from tokenizers.decoders import WordPiece as WordPieceDecoder
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from torch import Tensor

from engrave.errors import CheckpointError

PAD, UNK, CLS, SEP = "[PAD]", "[UNK]", "[CLS]", "[SEP]"
SPECIALS = (PAD, UNK, CLS, SEP)


class Tokenizer:
    """Lower-cased WordPiece over a list of pieces; `[CLS]` opens a text and `[SEP]` ends it."""

    def __init__(self, pieces: Sequence[str]) -> None:
        missing = [piece for piece in SPECIALS if piece not in pieces]
        if missing:
            raise CheckpointError(
                f"The vocabulary lacks {', '.join(missing)}; use the one saved with the weights."
            )
        self.pieces = list(pieces)
        ids = {piece: index for index, piece in enumerate(self.pieces)}
        self.pad, self.cls, self.sep = ids[PAD], ids[CLS], ids[SEP]
        self._inner = WordPieceTokenizer(WordPiece(ids, unk_token=UNK, max_input_chars_per_word=64))
        self._inner.normalizer = BertNormalizer(lowercase=True)
        self._inner.pre_tokenizer = BertPreTokenizer()
        self._inner.decoder = WordPieceDecoder()

    def __len__(self) -> int:
        return len(self.pieces)

    def cut(self, text: str) -> list[str]:
        """Return the pieces of a text, without the opening and the end."""
        return self._inner.encode(text).tokens

    def places(self, text: str) -> list[tuple[int, int]]:
        """Return where in the text each of its pieces begins and ends."""
        return list(self._inner.encode(text).offsets)

    def encode(self, text: str, max_tokens: int) -> list[int]:
        """Return `[CLS] ... [SEP]`, cut to max_tokens ids."""
        ids = self._inner.encode(text).ids[: max_tokens - 2]
        return [self.cls, *ids, self.sep]

    def batch(self, texts: Iterable[str], max_tokens: int) -> Tensor:
        """Return ids (B, T), padded with `[PAD]` to the longest text."""
        rows = [torch.tensor(self.encode(text, max_tokens)) for text in texts]
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=self.pad)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids; specials are dropped, reading stops at `[SEP]`."""
        kept: list[int] = []
        for token in ids:
            if token == self.sep:
                break
            if token not in (self.pad, self.cls):
                kept.append(token)
        return self._inner.decode(kept)

    def save(self, path: Path) -> None:
        path.write_text("\n".join(self.pieces) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        if not path.is_file():
            raise CheckpointError(
                f"{path.name} is missing beside the weights; copy the whole model folder."
            )
        return cls(path.read_text(encoding="utf-8").splitlines())
