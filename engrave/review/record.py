"""One picture's texts: what the machine wrote, what a person made of it, who and when."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from rapidfuzz.distance import Levenshtein

from engrave.answers import Candidate
from engrave.errors import PromptError
from engrave.limits import MAX_CHARACTERS, clean_text

MACHINE, EDITED, ACCEPTED, REJECTED = "machine", "edited", "accepted", "rejected"
STATES = (MACHINE, EDITED, ACCEPTED, REJECTED)
REVIEWED = (EDITED, ACCEPTED, REJECTED)  # a person's work: running again leaves it alone
DECIDED = (ACCEPTED, REJECTED)
MAX_ALT = 124  # characters: screen readers cut at 125
MAX_PRINTED = 4000
MAX_NAME = 100
LABELS = {  # what a person may write
    "caption": "caption", "alt": "alternative text", "title": "printed title",
    "printed": "printed words", "tags": "tags",
}  # fmt: skip
TEXTS = ("caption", "alt", "title", "printed")  # all of them but the tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One of the nearest engravings of the collection, and what is said of it."""

    id: str
    index: int
    caption: str
    similarity: float
    book: str = ""
    year: int = 0
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the machine wrote and offers; a person's hand changes none of it."""

    caption: str
    probability: float
    match: float
    model_version: str
    written: str  # when, UTC
    candidates: tuple[Candidate, ...] = ()
    suggestion: str = ""  # the caption in the curator's vocabulary
    changes: tuple[tuple[str, str], ...] = ()  # what the vocabulary replaced: found, preferred
    tags: tuple[str, ...] = ()
    printed: str = ""  # words in the plate, as they were read last
    offered: tuple[str, ...] = ()  # other captions of it that a person took, in that vocabulary

    def captions(self) -> set[str]:
        """Return all captions that are the machine's own words."""
        return {self.caption, self.suggestion, *self.offered, *(c.text for c in self.candidates)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a person decided about one text by itself."""

    text: str  # a key of LABELS
    state: str
    reviewer: str = ""
    reviewed: str = ""  # when, UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The texts of one picture, kept apart, and how far their review is."""

    key: str  # SHA-256 of the file
    file: str
    machine: Machine
    width: int = 0
    height: int = 0
    state: str = MACHINE
    caption: str = ""
    alt: str = ""
    title: str = ""  # printed title
    printed: str = ""  # words inside of the plate
    tags: tuple[str, ...] = ()
    match: float = 0.0  # of picture and caption as it stands
    distance: int = 0  # letters that a person put in, took out or exchanged
    reviewer: str = ""
    reviewed: str = ""  # when, UTC
    changed: str = ""  # when a person last wrote, decided on one text or opened it again, UTC
    verdicts: tuple[Verdict, ...] = ()  # on single texts, before what was decided of all
    evidence: tuple[Evidence, ...] = ()
    embedding: str = ""  # of the picture, base64 of float16

    def as_json(self) -> dict[str, Any]:
        """Return plain data of which `parsing` makes an equal record."""
        return asdict(self)


def now() -> str:
    """Return the time as ISO 8601, UTC, in whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def alt_of(caption: str) -> str:
    """Return a caption as an alternative text: a capital first, cut between words."""
    text = caption[:1].upper() + caption[1:].rstrip(" .")
    if len(text) + 1 <= MAX_ALT:
        return f"{text}." if text else ""
    cut = text[: MAX_ALT - 1].rsplit(" ", 1)[0]
    hanging = re.compile(r"[,;]?\s+(?:and|or|with|in|on|of|the|a|an|at|by|to|from)$")
    while hanging.search(cut):
        cut = hanging.sub("", cut)
    return f"{cut}."


def edited(record: Record, texts: Mapping[str, Any], match: float | None = None) -> Record:
    """Return the record with a person's texts; the same record where none differs. What was
    accepted beside them stays so; a record that was rejected is open again."""
    given: dict[str, Any] = {name: clean(name, texts[name]) for name in TEXTS if name in texts}
    if "tags" in texts:
        given["tags"] = clean_tags(texts["tags"])
    changed = {name for name, value in given.items() if getattr(record, name) != value}
    if not changed:
        return record
    kept = each(record) if record.state == ACCEPTED else record.verdicts
    own = opened(replace(record, **given), tuple(one for one in kept if one.text not in changed))
    own = replace(own, state=EDITED)
    distance = Levenshtein.distance(record.machine.caption, own.caption)
    return replace(own, distance=distance, match=record.match if match is None else match)


def inscribed(record: Record, printed: str) -> Record:
    """Return the record with printed words that a machine read; what a person wrote in their place
    or decided stays, and they are only offered beside it."""
    machine = replace(record.machine, printed=printed)
    own = record.printed not in ("", record.machine.printed)
    own = own or verdict_on(record, "printed").state in DECIDED
    return replace(record, machine=machine, printed=record.printed if own else printed)


def offered(record: Record, text: str, changes: tuple[tuple[str, str], ...]) -> Record:
    """Return the record with another of the machine's captions offered; `changes` tells what the
    vocabulary replaced in it."""
    texts = tuple(dict.fromkeys((*record.machine.offered, text)))
    return replace(record, machine=replace(record.machine, offered=texts, changes=changes))


def written(record: Record) -> tuple[str, ...]:
    """Return the names of the texts that a person wrote."""
    machine = record.machine
    captions = machine.captions()
    own = {
        "caption": record.caption not in captions,
        "alt": record.alt not in {"", *map(alt_of, captions)},
        "title": bool(record.title),
        "printed": record.printed not in ("", machine.printed),
        "tags": not set(record.tags) <= set(machine.tags),
    }
    return tuple(name for name, found in own.items() if found)


def decided(
    record: Record, state: str, reviewer: object, when: str = "", only: Sequence[str] = ()
) -> Record:
    """Return the record accepted or rejected by a person, all of it or `only` some texts; raises
    PromptError where it cannot be. Accepting all leaves rejected what was rejected by itself."""
    if state not in DECIDED:
        raise PromptError(f"A text is accepted or rejected, not '{state}'; choose one.")
    name = clean_text(reviewer)[:MAX_NAME]
    if not name:
        raise PromptError(f"Nobody is named; write who has {state} it in 'Reviewed by'.")
    when = when or now()
    if only:
        fresh = tuple(Verdict(text=_known(one), state=state, reviewer=name, reviewed=when)
                      for one in dict.fromkeys(only))  # fmt: skip
        empty = next((one for one in only if not getattr(record, one)), None)
        if state == ACCEPTED and empty:
            raise PromptError(f"The {LABELS[empty]} is empty; write one, or accept another text.")
        rest = tuple(one for one in each(record) if one.text not in only)
        return settled(opened(record, (*rest, *fresh), when))
    kept = tuple(one for one in record.verdicts if state == ACCEPTED and one.state == REJECTED)
    if state == ACCEPTED and not record.caption and "caption" not in {one.text for one in kept}:
        raise PromptError("The caption is empty; write one, or reject the machine's.")
    return replace(record, state=state, reviewer=name, reviewed=when, verdicts=kept)


def reopened(record: Record, only: Sequence[str] = ()) -> Record:
    """Return the record, or `only` some texts of it, as before somebody decided."""
    names = set(map(_known, only))
    return opened(record, tuple(one for one in each(record) if names and one.text not in names))


def opened(record: Record, verdicts: tuple[Verdict, ...], when: str = "") -> Record:
    """Return the record as one that is still open, with what was decided of single texts."""
    own = {name: getattr(record, name) for name in LABELS}
    state = EDITED if verdicts or own != suggestion(record.machine) else MACHINE
    return replace(
        record, state=state, verdicts=verdicts, reviewer="", reviewed="", changed=when or now()
    )


def settled(record: Record) -> Record:
    """Return the record as decided once each of its texts is, by whoever decided last."""
    found = {one.text for one in record.verdicts}
    if not {"caption", *(name for name in LABELS if getattr(record, name))} <= found:
        return record
    last = max(record.verdicts, key=lambda one: one.reviewed)
    state = ACCEPTED if any(one.state == ACCEPTED for one in record.verdicts) else REJECTED
    kept = tuple(one for one in record.verdicts
                 if (one.state, one.reviewer) != (state, last.reviewer))  # fmt: skip
    return replace(
        record, state=state, verdicts=kept, reviewer=last.reviewer, reviewed=last.reviewed
    )


def each(record: Record) -> tuple[Verdict, ...]:
    """Return what was decided, text by text."""
    found = (verdict_on(record, name) for name in LABELS)
    return tuple(one for one in found if one.state in DECIDED)


def verdict_on(record: Record, name: str) -> Verdict:
    """Return how far the review of one text is, and by whom."""
    own = next((one for one in record.verdicts if one.text == name), None)
    if own is not None:
        return own
    if record.state in DECIDED:
        by, when = record.reviewer, record.reviewed
        return Verdict(text=name, state=record.state, reviewer=by, reviewed=when)
    return Verdict(text=name, state=EDITED if name in written(record) else MACHINE)


def acceptance(record: Record) -> Verdict | None:
    """Return who accepted a text that is there, the caption first; None where nobody did."""
    some = (one for one in each(record) if one.state == ACCEPTED and getattr(record, one.text))
    return next(some, None)


def released(record: Record) -> dict[str, Any]:
    """Return the texts that leave: where any is accepted only such, else all, which are marked."""
    texts = {name: getattr(record, name) for name in LABELS}
    if acceptance(record) is None:
        return texts
    fine = {one.text for one in each(record) if one.state == ACCEPTED}
    return {name: text if name in fine else type(text)() for name, text in texts.items()}


def _known(name: str) -> str:
    if name not in LABELS:
        raise PromptError(f"There is no text '{str(name)[:40]}'; choose {', '.join(LABELS)}.")
    return name


def suggestion(machine: Machine) -> dict[str, Any]:
    """Return the texts that the machine offers; a printed title it does not know."""
    texts = {"caption": machine.suggestion, "alt": alt_of(machine.suggestion), "title": ""}
    return texts | {"printed": machine.printed, "tags": machine.tags}


def clean(name: str, value: object) -> str:
    """Return a text without control characters; raises PromptError where it is too long."""
    if not isinstance(value, str):
        raise PromptError(f"The {name} is no text; write a few words.")
    most = {"alt": MAX_ALT, "printed": MAX_PRINTED}.get(name, MAX_CHARACTERS)
    if len(value.strip()) > most:
        raise PromptError(
            f"The {LABELS[name]} has {len(value.strip()):,} characters and may have "
            f"{most:,}; shorten it."
        )
    if name != "printed":
        return clean_text(value)
    lines = (clean_text(line[:MAX_CHARACTERS]) for line in value.strip().splitlines())
    return "\n".join(lines)


def clean_tags(value: object) -> tuple[str, ...]:
    """Return tags, each once, from a list or from words between semicolons or commas."""
    given = re.split(r"[;,]", value) if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
        raise PromptError("The tags are no words; write them with semicolons between.")
    return tuple(dict.fromkeys(tag for tag in map(clean_text, given) if tag))
