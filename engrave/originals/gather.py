"""Gets the originals of a collection from a source, checks each, and goes on where it stopped.
Knows no terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PIL.Image import Image

from engrave.errors import PictureError
from engrave.image import open_picture
from engrave.originals.likeness import ALIKE, BITS, fitted
from engrave.originals.sources import Missed, Supply
from engrave.originals.store import KEPT, MISSED, State, Store
from engrave.originals.wanted import Wanted
from engrave.progress import Progress, tell


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a run came to."""

    wanted: int = 0
    before: int = 0  # kept by earlier runs
    fetched: int = 0
    missed: dict[str, str] = field(default_factory=dict)  # id -> why, in this run or before

    @property
    def kept(self) -> int:
        return self.before + self.fetched


def gather(
    wanted: Sequence[Wanted],
    source: Supply,
    store: Store,
    *,
    limit: int | None = None,
    again: bool = False,
    prepare: Callable[[Image], Image] | None = None,
    progress: Progress | None = None,
) -> Tally:
    """Fetch what is not kept yet, at most `limit`; `again` asks also for what was not there before,
    and `prepare` changes a checked scan before it is kept.

    Each scan is kept before the next is asked for, so that nothing is lost when it is stopped.
    """
    with store.writing():
        known = store.states()
        kept = {one.id for one in wanted if _is_kept(known.get(one.id), one)}
        tally = Tally(wanted=len(wanted), before=len(kept))
        todo = []
        for one in wanted:
            state = known.get(one.id)
            if one.id in kept:
                continue
            if not again and state and state.state == MISSED and state.address == source.name:
                tally.missed[one.id] = state.why
            else:
                todo.append(one)
        began = time.monotonic()
        for number, one in enumerate(todo[:limit]):
            tell(progress, number / len(todo[:limit]), _words(number, todo[:limit], began))
            why = _take(one, source, store, prepare or _as_it_is)
            if why:
                tally.missed[one.id] = why
            else:
                tally.fetched += 1
    return tally


def _as_it_is(scan: Image) -> Image:
    return scan


def _take(one: Wanted, source: Supply, store: Store, prepare: Callable[[Image], Image]) -> str:
    """Fetch, check and keep one scan; return why not, empty where all went well."""
    answer = source.fetch(one)
    final = True
    if isinstance(answer, Missed):
        why, final = answer.why, answer.final
    else:
        try:
            fit = fitted(open_picture(answer.data), one.hash)
        except PictureError as error:
            why = f"{answer.address}: {error}"
        else:
            if fit.alike:
                picture = prepare(fit.picture)
                store.keep(one.id, one.hash, picture, answer.address, fit.distance)
                return ""
            why = (
                f"{answer.address} is another picture: {fit.distance} of {BITS} bits differ, "
                f"and {ALIKE} may"
            )
    store.miss(one.id, one.hash, why, source.name, final=final)
    return why


def _is_kept(state: State | None, one: Wanted) -> bool:
    return state is not None and state.state == KEPT and state.hash == one.hash


def _words(number: int, todo: Sequence[Wanted], began: float) -> str:
    spent = time.monotonic() - began
    what = f"Original {number + 1:,} of {len(todo):,}"
    if number < 5:
        return what
    return f"{what}, {_span(spent / number * (len(todo) - number))} left"


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
