"""Plain answers that the engine gives. Knows nothing of the model, of widgets or of files."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PIL.Image import Image

from engrave.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Candidate:
    """One caption of a picture."""

    text: str
    probability: float  # exp of the mean log-probability of a token, from 0 to 1
    match: float  # cosine of picture and text, from -1 to 1
    how: str = "beam"  # or "sampled", or "person" where it was written by one
    words: tuple[tuple[str, float], ...] = ()  # each with its probability, 0 where none was read


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One engraving of the collection, and how near it is."""

    id: str
    index: int  # row in the collection
    similarity: float  # cosine, from -1 to 1
    caption: str
    printed: str  # the caption or title in the book, often empty
    subject: str
    technique: str
    book: str
    author: str
    year: int
    url: str  # page of the book at Project Gutenberg


@dataclass(frozen=True, slots=True, eq=False)
class CaptionAnswer:
    """Captions of one picture, best first, and the nearest engravings of the collection."""

    candidates: tuple[Candidate, ...]
    neighbours: tuple[Neighbour, ...]
    latent: np.ndarray  # (1024,), float32, norm 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What can be said of an engraving that the model made, measured by real ones."""

    likeness: float | None = None  # cosine of the nearest engraving
    closer: float | None = None  # share of engravings that are farther from their nearest
    read_back: str = ""  # the model's caption of the finished pixels
    fit: float | None = None  # cosine of the finished pixels and the prompt
    better: float | None = None  # share of held-out captions that fit their engraving worse
    unseen: tuple[str, ...] = ()  # words of the prompt that training never held
    rare: tuple[str, ...] = ()  # words that it held once or twice


@dataclass(frozen=True, slots=True, eq=False)
class Plate:
    """One engraving that the model made, with all that is needed to make it again."""

    image: Image
    latent: np.ndarray  # (1024,), float32, norm 1
    text: str  # the prompt, empty where there was none
    seed: int
    guidance: float
    steps: int
    caption: str  # the model's own, empty where it was not asked for
    neighbours: tuple[Neighbour, ...]
    model_version: str
    recipe: Recipe = field(default_factory=Recipe)
    verdict: Verdict = field(default_factory=Verdict)

    def facts(self) -> dict[str, str]:
        """Return what a PNG of this plate carries as metadata."""
        return {
            "prompt": self.text,
            "less": self.recipe.less,
            "seed": str(self.seed),
            "guidance": f"{self.guidance:g}",
            "steps": str(self.steps),
            "model_version": self.model_version,
            "caption": self.caption,
            "recipe": self.recipe.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Pace:
    """How much a walk changes at each step, in features of the model's eye."""

    before: tuple[float, ...]  # with frames at even times
    after: tuple[float, ...]  # as walked; in a closed walk the last step leads back to the start
    jumps: tuple[int, ...]  # steps after which nothing stands between two unlike frames


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Walk:
    """Pictures on the way from one engraving to others."""

    frames: tuple[Image, ...]
    latents: np.ndarray  # (N, 1024), float32
    captions: dict[int, str]  # by the index of the frame
    mode: str  # of the first segment: "prior", "direct" or "graph"
    curve: str  # "slerp" or "lerp"
    stops: tuple[int, ...]  # frames that are keyframes, in the order of these
    passed: dict[int, int]  # frames that are engravings on the way, by row of the collection
    nearest: tuple[Neighbour, ...]  # the engraving nearest to each frame; empty without collection
    pace: Pace
    timeline: tuple[int, ...]  # frames in the order of the film, held and walked back

    @property
    def film(self) -> tuple[Image, ...]:
        """All pictures of the film."""
        return tuple(self.frames[index] for index in self.timeline)
