"""Which desk a page works on: one that is reloaded, or closed and opened again, finds its pictures,
texts and decisions as they were. Nobody else does: a desk goes with the cookie of one browser."""

import time
from dataclasses import dataclass
from threading import Lock
from typing import Any

import gradio as gr

from engrave.ui.desk import LIGHT
from engrave.ui.review import shown
from engrave.ui.review_session import Session
from engrave.ui.review_views import style_fields
from engrave.ui.room import GUEST
from engrave.ui.speech import bind
from engrave.ui.views import Views
from engrave.ui.visitors import owner_of

IDLE_S = 3600.0  # after a page was left, until its desk is forgotten
LONGEST_S = 24 * 3600.0  # without a request, of a page that nobody saw leaving
MOST = 500  # desks of all visitors together
BACK = "Everything is here as it was before the page was left."
# a name of this tab that outlives a reload; storage may be forbidden in a frame
TAB = """() => {
  try {
    sessionStorage.engraveTab ??= crypto.getRandomValues(new Uint32Array(4)).join("-");
    return sessionStorage.engraveTab;
  } catch {
    return "";
  }
}"""


@dataclass(eq=False, slots=True)
class Kept:
    """A desk, and the page that it stands on."""

    session: Session
    owner: tuple[str, str]  # the browser, and the name it is logged in by
    tab: str = ""
    page: str = ""
    left: bool = False

    def is_over(self, idle_s: float) -> bool:
        """Tell whether nobody will miss it."""
        idle = time.monotonic() - self.session.used
        return idle >= (idle_s if self.left else LONGEST_S)


class Desks:
    """The desks of all pages that are open or were left a short while ago, the latest last."""

    def __init__(self, idle_s: float = IDLE_S) -> None:
        self.idle_s = idle_s
        self._kept: list[Kept] = []
        self._lock = Lock()

    def find(self, fresh: Session, tab: object, request: gr.Request | None) -> Session:
        """Return the desk of this tab, else one that the same browser left, else the fresh one."""
        owner = owner_of(getattr(request, "cookies", None) or {})
        if request is None or owner == GUEST:  # many share that name
            return fresh
        known = owner, str(getattr(request, "username", None) or "")
        name = tab if isinstance(tab, str) else ""
        with self._lock:
            self._kept = [one for one in self._kept if not one.is_over(self.idle_s)][-MOST:]
            own = [one for one in reversed(self._kept) if one.owner == known]
            same = (one for one in own if name and one.tab == name)
            found = next(same, None) or next((one for one in own if one.left), None)
            if found is None:
                found = Kept(fresh, known)
            else:
                self._kept.remove(found)
            self._kept.append(found)
            found.tab, found.page, found.left = name, str(request.session_hash), False
            found.session.used = time.monotonic()
            return found.session

    def leave(self, request: gr.Request) -> None:
        """Note that a page was closed; what is on its desk waits a while."""
        with self._lock:
            for one in [one for one in self._kept if one.page == request.session_hash]:
                one.left = True
                one.session.used = time.monotonic()
                if one.session.is_empty():
                    self._kept.remove(one)


def back(
    views: Views, desks: Desks, session: Session, tab: str, request: gr.Request
) -> tuple[Any, ...]:
    """Return the desk that this page works on, and all that shows it if anything lies there."""
    found = desks.find(session, tab, request)
    if found.is_empty():
        return found, *[gr.skip()] * 10
    if found is not session:
        found.running = False  # a batch ends with the page that began it
    return found, *shown(views, found, BACK), *style_fields(found.project.style)


def wire(
    page: gr.Blocks, views: Any, session: gr.State, every: list[Any], style: list[Any]
) -> None:
    """Look for the desk as the page opens; `every` shows it and `style` holds its house style."""
    desks = Desks()
    tab = gr.Textbox(visible=False)
    outputs = [session, *every, *style]
    page.load(
        bind(back, views, desks),
        [session, tab],
        outputs,
        js=f"(desk) => [desk, ({TAB})()]",
        **LIGHT,
    )
    page.unload(bind(desks.leave))
