"""Writes the graphs that ONNX Runtime computes in the app, without weights: a preset, a folder.

They depend on the sizes of a model alone, so one folder serves every model of its preset. Knows
the shapes that each part is called with: B pictures at a time, chosen when it is called.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim
from transformers.cache_utils import DynamicCache, EncoderDecoderCache
from transformers.models.bert.modeling_bert import BertEncoder

from engrave.config import ModelConfig
from engrave.model.captioner import Captioner
from engrave.model.decoder import Decoder, paper_grain
from engrave.model.folded import folded
from engrave.model.graphs import LIST, Shapes
from engrave.model.layout import LayoutEncoder
from engrave.model.meaning import MeaningEncoder
from engrave.model.priors import LayoutPrior, MeaningPrior
from engrave.places import GRAPHS
from engrave.whole import whole_folder

PRESETS = ("small", "seed")
BATCH = 2  # of the example: at 1 the exporter would take it for a constant
BATCHED = {0: "batch"}
MOST_INLINE = 1000  # numbers that a graph may hold of its own; more would be weights


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the model with inputs of the shapes it is called with."""

    module: nn.Module
    inputs: tuple[Tensor, ...]
    varies: tuple[dict[int, str], ...]  # of each input, the dimensions that are chosen when called


def write_graphs(presets: tuple[str, ...] = PRESETS, out: Path = GRAPHS) -> list[Path]:
    """Write a folder of graphs for each preset, and return the folders."""
    folders = []
    for preset in presets:
        with whole_folder(out / preset) as fresh:
            listed = {}
            for name, part in parts(ModelConfig.named(preset)).items():
                graph, listed[name] = bare(part)
                (fresh / f"{name}.onnx").write_bytes(graph)
            (fresh / LIST).write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
        folders.append(out / preset)
    return folders


def parts(config: ModelConfig) -> dict[str, Part]:
    """Return the parts that take the time, freshly made: graphs do not depend on their weights."""
    picture = torch.zeros(BATCH, 1, config.side_px, config.side_px)
    meaning = torch.zeros(BATCH, config.meaning_width)
    layout = torch.zeros(BATCH, config.layout_channels, config.grid, config.grid)
    cells = torch.zeros(BATCH, config.grid**2, config.layout_channels)
    text = torch.zeros(BATCH, config.embedding_width)
    when, yes = torch.full((BATCH,), 0.5), torch.ones(BATCH, dtype=torch.bool)
    widths, blocks = config.decoder_widths, config.decoder_blocks
    decoder = Decoder(widths, blocks, config.layout_channels, config.meaning_width)
    eye = folded(MeaningEncoder(config.meaning_px, config.meaning_width))
    encoder = LayoutEncoder(config.encoder_widths, config.layout_channels)
    drawn = (meaning, layout, paper_grain(config.grid * 8))
    bert = Captioner(config).bert
    # plain products: else the exporter has each key turned and scaled anew for every piece
    bert.set_attn_implementation("eager")
    step = Step(bert.bert.encoder)
    return {
        "eye": Part(eye, (picture,), (BATCHED,)),
        "layout": Part(encoder, (picture,), (BATCHED,)),
        "decoder": Part(decoder, drawn, (BATCHED, BATCHED, {})),
        "meaning_prior": Part(MeaningPrior(config), (meaning, when, text, yes), (BATCHED,) * 4),
        "layout_prior": Part(
            LayoutPrior(config), (cells, when, meaning, text, yes), (BATCHED,) * 5
        ),
        "caption_step": Part(step, *step.example(config)),
    }


class Step(nn.Module):
    """The captioner's layers for one more piece, as a function of tensors alone: the piece
    (B, 1, D), then for each layer keys and values (B, H, T, d) of the pieces before it and
    (B, H, K, d) of what they look at. Returns the piece, then its keys and values in each layer."""

    def __init__(self, encoder: BertEncoder) -> None:
        super().__init__()
        self.layer = encoder.layer
        self._encoder = [encoder]  # hidden in a list, as its weights are to bear its own names

    def forward(self, x_B1D: Tensor, *held: Tensor) -> tuple[Tensor, ...]:
        cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
        for index in range(len(held) // 4):
            key, value, seen_key, seen_value = held[4 * index : 4 * index + 4]
            cache.self_attention_cache.update(key, value, index)
            cache.cross_attention_cache.update(seen_key, seen_value, index)
            cache.is_updated[index] = True
        made = self._encoder[0](x_B1D, encoder_hidden_states=x_B1D, cache=cache, use_cache=True)
        own: list[Any] = cache.self_attention_cache.layers
        last = [part[:, :, -1:] for layer in own for part in (layer.keys, layer.values)]
        return made.last_hidden_state, *last

    def example(self, config: ModelConfig) -> tuple[tuple[Tensor, ...], tuple[dict[int, str], ...]]:
        """Return inputs, and of each which dimensions vary."""
        heads, deep = config.caption_heads, config.caption_width // config.caption_heads
        seen = config.meaning_tokens + config.grid**2
        held = [  # each a tensor of its own: the exporter would take one twice for the same input
            torch.zeros(BATCH, heads, count, deep)
            for _ in range(config.caption_layers)
            for count in (3, 3, seen, seen)
        ]
        inputs = (torch.zeros(BATCH, 1, config.caption_width), *held)
        growing = BATCHED | {2: "pieces"}
        return inputs, (BATCHED, *[growing, growing, BATCHED, BATCHED] * config.caption_layers)


def bare(part: Part) -> tuple[bytes, Shapes]:
    """Return a part's graph without weights, and which it is to be given."""
    proto = _exported(part)
    own = {name: list(weight.shape) for name, weight in part.module.state_dict().items()}
    wanted: Shapes = {}
    for held in proto.graph.initializer:
        if own.get(held.name) == list(held.dims):
            wanted[held.name] = own[held.name]
            _leave_out(held)
        elif math.prod(held.dims) > MOST_INLINE:
            raise RuntimeError(f"the graph would hold {held.name}, which is no weight by its name")
    _forget_sources(proto)
    return proto.SerializeToString(deterministic=True), wanted


def _exported(part: Part) -> Any:
    dims = {name: Dim(name) for one in part.varies for name in one.values()}
    shapes: Any = tuple({at: dims[name] for at, name in one.items()} for one in part.varies)
    if isinstance(part.module, Step):
        shapes = (shapes[0], shapes[1:])  # what a star gathers is one argument
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # the axis has one name in all inputs, which it tells
        made = torch.onnx.export(
            part.module.eval(), part.inputs, dynamo=True, verbose=False,
            optimize=False,  # else it folds weights into numbers of other names
            dynamic_shapes=shapes,
        )  # fmt: skip
    assert made is not None
    return made.model_proto


def _leave_out(held: Any) -> None:
    """Say of a weight that it comes from outside; whoever loads the graph must give it."""
    from onnx import TensorProto

    held.ClearField("raw_data")
    held.ClearField("float_data")
    held.data_location = TensorProto.EXTERNAL
    facts = {"location": LIST, "offset": "0", "length": str(4 * math.prod(held.dims))}
    for key, value in facts.items():
        held.external_data.add(key=key, value=value)


def _forget_sources(proto: Any) -> None:
    """Leave out where each step stood in the source: it is long, and names folders."""
    graph = proto.graph
    for one in (proto, graph, *graph.node, *graph.value_info, *graph.input, *graph.output):
        del one.metadata_props[:]
        one.doc_string = ""
