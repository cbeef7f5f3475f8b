"""Whose a file is: what a visitor uploads or has made lies in a folder that no other visitor reads.

A browser is known by a random cookie, its folder by a digest of it. Programs that keep no cookies
share the folder of guests, in which each file has a name that cannot be guessed.
"""

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engrave.sources.addresses import is_address
from engrave.ui import room, scratch
from engrave.ui.page_names import is_named, readdressed, renamed, with_length
from engrave.ui.room import GUEST
from engrave.ui.taken import Uploads

COOKIE = "engrave-visitor"
NOT_YOURS = "This file belongs to another visitor; upload it yourself."
MAX_JSON_BYTES = 2_000_000
TOO_LONG = "This request is longer than any that the page sends; send less at once."
UPLOAD = "/gradio_api/upload"  # whole, as an endpoint may be called “upload” too
NO_FORM = "This address takes JSON and no form of several parts; send files to /gradio_api/upload."

NO_NAME = "This request names its page or its event otherwise than pages do; open the page again."
NO_JSON = "This request is no JSON that can be read here; send it as the page does."
NO_FILE = "This request names a file as no file can be named; upload the file and name that."
NO_EVENT = "This page has no such event; open the page again, as it may have changed."
NO_FETCH = "This server fetches no pictures by their address; upload the file itself."

UPLOADED: set[str] = set()  # the page hands them to Gradio, which deletes old ones
_acting: ContextVar[str] = ContextVar("acting", default=GUEST)


def owner_of(cookies: Mapping[str, str]) -> str:
    """Return the name of a visitor's folder, which does not tell the cookie."""
    value = cookies.get(COOKIE, "")
    known = re.fullmatch(r"[0-9a-f]{32}", value)
    return hashlib.sha256(value.encode()).hexdigest()[:32] if known else GUEST


@contextmanager
def acting(request: gr.Request | None) -> Iterator[None]:
    """Let files that are made meanwhile belong to the visitor who asked."""
    token = _acting.set(GUEST if request is None else owner_of(getattr(request, "cookies", {})))
    try:
        yield
    finally:
        _acting.reset(token)


def new_folder(owner: str | None = None) -> Path:
    """Make an empty folder for files of a visitor, else of the one who asks just now."""
    own = _own(owner or _acting.get())
    room.tidy(_root())
    if room.left(own, programs=own.name == GUEST) <= 0:
        raise room.filled()
    folder = own / secrets.token_hex(16)
    own.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # nor by others on this machine
    folder.mkdir(parents=True)
    return folder


def _own(owner: str) -> Path:
    return _root() / "visitors" / owner


def came_in(path: str) -> Path | None:
    """Return a file that was uploaded here by whoever asks just now, else None."""
    try:
        found = Path(os.path.realpath(path))
        if not found.is_relative_to(_root()) or not found.is_file():
            return None
    except (OSError, ValueError):  # no name that a file can have
        return None
    inside = found.is_relative_to(_root() / "visitors")
    return None if inside and not _is_open(found, _acting.get()) else found


def _is_open(path: str | Path, owner: str) -> bool:
    """Tell whether a visitor may read a file: its own, a guest's, or one that is no visitor's."""
    root, found = _root(), Path(os.path.realpath(path))
    if scratch.is_of_another(found, owner):
        return False
    own = (root / "visitors" / name for name in (owner, GUEST))
    return not found.is_relative_to(root) or any(found.is_relative_to(one) for one in own)


def _root() -> Path:
    return Path(os.path.realpath(get_upload_folder()))


class Visitors:
    """ASGI middleware that gives browsers a cookie, and each visitor only files of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self._uploads = app, Uploads(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse files of others, take uploads into the visitor's folder, pass all else on."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if "/gradio_api/mcp" in scope["path"]:
            scope = _without_cookies(scope)
        owner = owner_of(HTTPConnection(scope).cookies)
        asked = re.search(r"/file[=/](.*)", scope["path"], re.S)
        if asked and _is_refused(asked.group(1), owner):
            return await PlainTextResponse(NOT_YOURS, 403)(scope, receive, send)
        if scope["method"] == "POST":
            if scope["path"].endswith(UPLOAD):
                # Gradio's own names follow from what is in a file, so that whoever has the same
                # picture could learn who else sent it
                naming = partial(_taken, owner=owner)
                return await self._uploads.take(scope, receive, send, _own(owner), naming)
            if _is_form(scope) and not scope["path"].rstrip("/").endswith("/login"):
                return await PlainTextResponse(NO_FORM, 415)(scope, receive, send)
            return await self._read_first(scope, receive, send, owner)
        if owner == GUEST and scope["method"] == "GET":
            send = _with_cookie(scope, send)
        named = readdressed(scope, owner)
        if named is None:
            return await PlainTextResponse(NO_NAME, 400)(scope, receive, send)
        await self.app(named, receive, send)

    async def _read_first(self, scope: Scope, receive: Receive, send: Send, owner: str) -> None:
        """Pass on a request only where it names no file of another visitor."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False) and message["type"] == "http.request"
            if len(body) > MAX_JSON_BYTES:
                return await PlainTextResponse(TOO_LONG, 413)(scope, receive, send)
        if scope["path"].rstrip("/").endswith("/login"):  # a form, in which nothing is named
            return await self._pass_on(scope, receive, send, body)
        try:
            page = json.loads(body) if body else None
        except (ValueError, RecursionError):
            return await PlainTextResponse(NO_JSON, 400)(scope, receive, send)
        if not is_named(page):
            return await PlainTextResponse(NO_NAME, 400)(scope, receive, send)
        if any(_is_refused(text, owner) for text in _texts(page)):
            return await PlainTextResponse(NOT_YOURS, 403)(scope, receive, send)
        if any(isinstance(one, dict) and _is_afar(one) for one in _parts(page)):
            return await PlainTextResponse(NO_FETCH, 403)(scope, receive, send)
        if any(isinstance(one, dict) and _is_nowhere(one) for one in _parts(page)):
            return await PlainTextResponse(NO_FILE, 400)(scope, receive, send)
        if not _is_event(scope, page):
            return await PlainTextResponse(NO_EVENT, 404)(scope, receive, send)
        await self._pass_on(scope, receive, send, renamed(page, body, owner))

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, body: bytes) -> None:
        first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return first.pop() if first else await receive()

        await self.app(with_length(scope, body), replay, send)


def _without_cookies(scope: Scope) -> Scope:
    """Return a request without cookies: for tools of MCP the server asks itself, with a cookie of
    its own, and would ask by one name of a page and wait for the answer by another."""
    return {**scope, "headers": [one for one in scope["headers"] if one[0] != b"cookie"]}


def _is_form(scope: Scope) -> bool:
    kind = Headers(scope=scope).get("content-type", "")
    return kind.strip().lower().startswith("multipart/")


def _taken(path: Path, owner: str) -> str:
    """Give an upload a name that nobody can guess, in the visitor's folder."""
    own = new_folder(owner) / path.name
    os.link(path, own)  # no copy: the other name goes when Gradio tidies up
    UPLOADED.add(str(own))
    return str(own)


def _is_refused(text: str, owner: str) -> bool:
    try:
        return not _is_open(text, owner)
    except (OSError, ValueError):  # no name that a file can have
        return False


def _texts(page: object) -> Iterator[str]:
    """Yield every text of a JSON page, however deep."""
    return (one for one in _parts(page) if isinstance(one, str))


def _parts(page: object) -> Iterator[object]:
    """Yield every object, list, key and value of a JSON page, however deep."""
    left: list[Any] = [page]
    while left:
        one = left.pop()
        yield one
        if isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list):
            left += one


def _is_afar(file: dict[str, Any]) -> bool:
    """Tell whether an object names a file by an address, which Gradio would fetch without a bound,
    from any host. Beside a path of this server stands the address that it is shown by."""
    named = file.get("path") or (file.get("url") if "meta" in file else None)
    return isinstance(named, str) and is_address(named.strip())


def _is_nowhere(file: dict[str, Any]) -> bool:
    path = file.get("path")
    try:
        return isinstance(path, str) and b"\0" in path.encode()
    except UnicodeError:  # half a character
        return True


def _is_event(scope: Scope, page: object) -> bool:
    """Tell whether a request means an event that the page has, where it means one."""
    number = page.get("fn_index") if isinstance(page, dict) else None
    blocks = getattr(scope.get("app"), "blocks", None)
    return number is None or blocks is None or str(number) in map(str, blocks.fns)


def _with_cookie(scope: Scope, send: Send) -> Send:
    """Wrap a sender so that a page brings a cookie."""

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            headers = MutableHeaders(scope=message)
            if headers.get("content-type", "").startswith("text/html"):
                headers.append("set-cookie", _cookie(scope))
        await send(message)

    return sender


def _cookie(scope: Scope) -> str:
    """Return a fresh cookie; over HTTPS one that also works in the frame of a Space."""
    scheme = Headers(scope=scope).get("x-forwarded-proto", scope["scheme"])
    secure = "SameSite=None; Secure; Partitioned" if scheme == "https" else "SameSite=Lax"
    return f"{COOKIE}={secrets.token_hex(16)}; Path=/; HttpOnly; {secure}"
