"""Lays the frames of a walk out in time: held keyframes, the way back, and cues of captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption and when it is shown."""

    start_s: float
    end_s: float
    words: str


def timeline(count: int, holds: Mapping[int, float], fps: int, loop: str) -> tuple[int, ...]:
    """Return which frame each frame of the film shows; `holds` are seconds by frame.

    A walk that comes back (`back`) ends one before its first frame, so that it repeats smoothly.
    """
    order = [*range(count), *range(count - 2, 0, -1)] if loop == "back" else list(range(count))
    film: list[int] = []
    for frame in order:
        film += [frame] * (1 + round(holds.get(frame, 0.0) * fps))
    return tuple(film)


def runs(film: Sequence[int]) -> list[tuple[int, int]]:
    """Return frames with how many times in a row each is shown."""
    return [(frame, len(list(same))) for frame, same in groupby(film)]


def caption_at(captions: Mapping[int, str], frame: int) -> str:
    """Return the last caption at or before a frame."""
    known = [index for index in captions if index <= frame]
    return captions[max(known)] if known else ""


def cues(film: Sequence[int], captions: Mapping[int, str], fps: int) -> list[Cue]:
    """Return captions with their times; the same words in a row are one cue."""
    found: list[Cue] = []
    at = 0
    for words, same in groupby(caption_at(captions, frame) for frame in film):
        count = len(list(same))
        if words:
            found.append(Cue(at / fps, (at + count) / fps, words))
        at += count
    return found


def as_vtt(film: Sequence[int], captions: Mapping[int, str], fps: int, note: str) -> str:
    """Return a WebVTT track; its note says who wrote the captions."""
    blocks = ["WEBVTT", f"NOTE {_plain(note)}"]
    for number, cue in enumerate(cues(film, captions, fps), 1):
        span = f"{_clock(cue.start_s)} --> {_clock(cue.end_s)}"
        blocks.append(f"{number}\n{span}\n{_plain(cue.words)}")
    return "\n\n".join(blocks) + "\n"


def _clock(seconds: float) -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _plain(text: str) -> str:
    """A cue is markup: three characters must be escaped, and an empty line would end it."""
    line = " ".join(text.split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
