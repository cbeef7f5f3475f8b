"""Finds the pictures of a project that somebody names, writes texts into them and decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engrave.engine import Engine
from engrave.errors import PromptError
from engrave.review.captioning import rewritten
from engrave.review.project import Project
from engrave.review.record import Record, decided

FEWEST = 6  # characters of a key that stand for it
Wake = Callable[[], Engine]


def reviewed(
    project: Project,
    names: Sequence[str],
    *,
    texts: Mapping[str, object],
    decision: str,
    reviewer: object,
    wake: Wake,
    only: Sequence[str] = (),
) -> list[Record]:
    """Write texts into a named picture and accept or reject the named ones, all of it or nothing.

    `decision` may be empty, and is about `only` some of the texts where they are named, of 'all'
    about those that are there; without names all records are returned. Raises PromptError where a
    name is unknown, a text is for several pictures, or nobody is named who decides.
    """
    chosen = named(project, names)
    if texts and (len(names) != 1 or names[0] == "all"):
        raise PromptError("A text is for one picture; name the one that it belongs to.")
    if decision and not names:
        raise PromptError("Nothing is named; name the pictures, or 'all' for those still open.")
    if not texts and not decision and not only:
        return chosen
    changed = [rewritten(wake(), one, dict(texts)) if texts else one for one in chosen]
    if only and not decision:
        raise PromptError("Nothing is decided on these texts; accept or reject them.")
    if decision:
        many = list(names) == ["all"]
        meant = [(one, _there(one, only) if many else only) for one in changed]
        changed = [decided(one, decision, reviewer, only=texts) for one, texts in meant
                   if texts or not only]  # fmt: skip
    return [project.put(one) for one in changed]


def named(project: Project, names: Sequence[str]) -> list[Record]:
    """Return the records of file names or of the beginnings of keys; 'all' for those still open."""
    if not names:
        return list(project)
    if list(names) == ["all"]:
        return project.chosen("open")
    found: dict[str, Record] = {}
    for name in names:
        own = [one for one in project if name in (one.file, one.key) or _begins(one.key, name)]
        if len(own) != 1:
            seen = "no picture" if not own else f"{len(own)} pictures"
            raise PromptError(
                f"'{name}' is {seen} of the project; give a name or a key of its list."
            )
        found[own[0].key] = own[0]
    return list(found.values())


def _there(record: Record, names: Sequence[str]) -> list[str]:
    return [name for name in names if getattr(record, name, True)]


def _begins(key: str, name: str) -> bool:
    return len(name) >= FEWEST and key.startswith(name)
