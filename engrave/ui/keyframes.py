"""The keyframes of a walk as a session keeps them: put in order, held, joined by ways."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import gradio as gr

from engrave import limits
from engrave.errors import PromptError
from engrave.ui.ends import Arrival, End
from engrave.ui.views import View
from engrave.walks import Keyframe

MOST = limits.KEYFRAMES.high
LETTERS = "ABCDEFGH"
APPEND = -1


Shown = tuple["Route", View, str]  # a route, its row, and the heading over the choice


@dataclass(frozen=True, slots=True, eq=False)
class Stop:
    """One keyframe, how long it is held, and the way on from it."""

    end: End
    hold_s: float = 0.0
    mode: str = "prior"

    def keyframe(self) -> Keyframe:
        """Return it as a recipe has it: what anybody's model can make again goes by name."""
        end = self.end
        latent = None if end.source else end.latent
        return Keyframe(
            source=end.source, seed=end.seed, latent=latent, words=end.words, hold_s=self.hold_s
        )


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """All keyframes in order, and which of them is being chosen."""

    stops: tuple[Stop, ...] = ()
    chosen: int = APPEND  # which the next choice replaces

    def with_end(self, end: End, position: int | None = None) -> "Route":
        """Return the route with an end set at a place, by default at the one being chosen."""
        at = self.chosen if position is None else position
        if 0 <= at < len(self.stops):
            stops = list(self.stops)
            stops[at] = replace(stops[at], end=end)
            return Route(tuple(stops))
        if len(self.stops) >= MOST:
            raise PromptError(
                f"A walk has at most {MOST} keyframes; remove one, or change one of them."
            )
        return Route((*self.stops, Stop(end)))

    def placed(self, end: End, letter: str) -> "Route":
        """Return the route with an end from another tab: as its first, its last, or one more."""
        if letter == "A":
            return self.with_end(end, 0)
        last = APPEND if letter == "+" or len(self.stops) < 2 else len(self.stops) - 1
        return self.with_end(end, last)

    def moved(self, start: int, to: int) -> "Route":
        """Return the route with one keyframe at another place; ways keep their places."""
        modes = [stop.mode for stop in self.stops]
        stops = list(self.stops)
        stops.insert(to, stops.pop(start))
        return Route(
            tuple(replace(stop, mode=mode) for stop, mode in zip(stops, modes, strict=True))
        )

    def changed(self, position: int, **what: Any) -> "Route":
        """Return the route with something of one keyframe changed."""
        stops = list(self.stops)
        stops[position] = replace(stops[position], **what)
        return replace(self, stops=tuple(stops))

    def without(self, position: int) -> "Route":
        """Return the route without one keyframe."""
        return Route(self.stops[:position] + self.stops[position + 1 :])

    def modes(self, closed: bool) -> tuple[str, ...]:
        """Return the modes of the segments."""
        modes = tuple(stop.mode for stop in self.stops)
        return modes if closed else modes[:-1]


def route_of(ends: Sequence[End | None]) -> Route:
    """Return a route through what there is."""
    return Route(tuple(Stop(end) for end in ends if end is not None))


def route_view(route: Route, loop: str, told: str = "") -> View:
    """Return what the page shows of a route."""
    count = len(route.stops)
    names = list(LETTERS[:count])
    joints = [*pairwise(names), (names[-1], names[0])] if loop == "closed" and count > 1 else None
    joints = list(pairwise(names)) if joints is None else joints
    ways = [
        {"mode": stop.mode, "from": one, "to": other}
        for stop, (one, other) in zip(route.stops, joints, strict=False)
    ]
    items = [
        _item(stop, letter, route.chosen == at)
        for at, (stop, letter) in enumerate(zip(route.stops, names, strict=True))
    ]
    adding = route.chosen == APPEND
    return {"items": items, "ways": ways, "adding": adding, "most": MOST, "told": told}


def _item(stop: Stop, letter: str, chosen: bool) -> View:
    end = stop.end
    shown: View = {"letter": letter, "words": end.words, "kind": end.kind, "src": end.src}
    shown |= {"book": end.book, "year": end.year, "url": end.url}
    return shown | {"hold": f"{stop.hold_s:g}", "chosen": chosen}


def chooser_view(route: Route) -> str:
    """Return the heading over the tabs that choose a keyframe."""
    if 0 <= route.chosen < len(route.stops):
        return f"### Choose another for {LETTERS[route.chosen]}"
    if len(route.stops) >= MOST:
        return f"### {MOST} keyframes are chosen; change or remove one"
    return f"### Choose keyframe {LETTERS[len(route.stops)]}"


def arranged(route: Route, loop: str, event: gr.EventData) -> Shown:
    """Do what was asked for in the row of keyframes."""
    data = event._data if isinstance(event._data, dict) else {}
    route, told = _arranged(route, data)
    return route, route_view(route, loop, told), chooser_view(route)


def _arranged(route: Route, data: dict[str, Any]) -> tuple[Route, str]:
    action, position = data.get("action"), data.get("position")
    if action == "choose" and position == APPEND:
        return replace(route, chosen=APPEND), "The next choice is added at the end."
    at = _place(route, position)
    name = LETTERS[at]
    if action == "choose":
        return replace(route, chosen=at), f"The next choice replaces {name}."
    if action == "remove":
        return route.without(at), f"{name} is removed."
    if action == "move":
        to = _place(route, data.get("to"))
        return route.moved(at, to), f"{name} is now {LETTERS[to]}."
    if action == "hold":
        hold = limits.HOLD_S.number(data.get("value"))
        return route.changed(at, hold_s=hold), f"{name} is held {hold:g} seconds."
    if action == "mode":
        mode = limits.one_of("mode", data.get("value"), limits.MODES)
        return route.changed(at, mode=mode), f"The way from {name} is changed."
    raise PromptError("This button is of another version of the page; load the page again.")


def _place(route: Route, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < len(route.stops):
        raise PromptError("This keyframe is no longer here; look at the row again.")
    return value


def shown_route(route: Route, loop: str) -> Shown:
    """Return a route and what shows it."""
    return route, route_view(route, loop), chooser_view(route)


def arrived(route: Route, loop: str, arrival: Arrival | None) -> Shown | tuple[Any, ...]:
    """Take an end from another tab into the walk, once."""
    if arrival is not None:
        if not arrival.is_first():
            return gr.skip(), gr.skip(), gr.skip()
        route = route.placed(arrival.end, arrival.letter)
    return shown_route(route, loop)
