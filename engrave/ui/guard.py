"""Stands before the server: headers that keep the page to itself, and what is refused."""

import logging
import os
import re
import traceback
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engrave.access import local
from engrave.errors import FULL, is_full

LOG = logging.getLogger(__name__)
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",  # Gradio's own HTML widgets eval
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' blob: data:",
        "media-src 'self' blob: data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self' https://huggingface.co https://*.hf.space",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # Gradio reads it to learn its own address
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
MAX_REQUEST_BYTES = 400_000_000  # of one upload of many files
TOO_LARGE = "These files are too large together; send fewer."
FOREVER = "public, max-age=31536000, immutable"  # the address holds a version
REVALIDATE = "no-cache"
# what one visitor sent or imported, which no proxy may keep for others
PERSONAL = re.compile(r"/visitors/|/engrave-map-[^/]+/[0-9a-f]{32}/")
THIS_MACHINE = {"localhost", "127.0.0.1", "0.0.0.0", "::1"}
NO_LINKS = "This page keeps no states to link to; its address holds the view of the map."
UNUSED = (
    "/component_server",
    "/process_recording",
)  # Gradio's own; no part of this page asks for them
NOT_HERE = "This page has nothing at this address; it was opened by mistake."
NO_LOGIN = "This page asks for a name and a password; log in first."
BROKEN = "Something in this request could not be answered; ask for it in another way."
PROXIED = ("x-forwarded-", "forwarded", "x-real-ip")  # headers that a proxy adds
MISCALLED = (
    "This server is for the machine alone that it runs on; open it at http://localhost with its "
    "port, or set GRADIO_ROOT_PATH to the address that a proxy gives it."
)
FOREIGN = "Another website may not use this page in your name; open the page itself."


class Guard:
    """ASGI middleware round the whole app."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what must not pass, and add the headers to everything else."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        refusal = refuse(scope)
        if refusal is not None:
            return await refusal(scope, receive, with_headers(scope, send))
        await self._told(scope, receive, with_headers(scope, send))

    async def _told(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; what breaks outside of all handlers gets a sentence, too."""
        begun = False

        async def sender(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, sender)
        except ClientDisconnect:  # nobody waits for an answer
            return
        except Exception as error:
            if begun and isinstance(error.__cause__, HTTPException):  # it was told in the answer
                return await send({"type": "http.response.body", "body": b""})
            if begun:
                raise
            if not is_full(error):
                LOG.error("A request could not be read: %s", in_one_line(error))
            status, text = (507, FULL) if is_full(error) else (500, BROKEN)
            await PlainTextResponse(text, status)(scope, receive, sender)


def in_one_line(error: BaseException) -> str:
    """Return what an error is and where it arose, so that requests cannot fill the log."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" in {Path(one.filename).name}, line {one.lineno}" for one in last)
    return f"{type(error).__name__} {str(error)[:80]!a}{where}"


def refuse(scope: Scope) -> PlainTextResponse | None:
    """Return an answer to a request that must not pass, else None."""
    path = scope["path"].replace("\\", "/").lower()
    if "/file=http" in path or "/file/http" in path or "/proxy=" in path:
        return PlainTextResponse("This server fetches nothing for others.", 403)
    if path.rstrip("/").endswith("/deep_link"):
        return PlainTextResponse(NO_LINKS, 403)
    if path.rstrip("/").endswith(UNUSED):
        return PlainTextResponse(NOT_HERE, 404)
    if _is_miscalled(scope):
        return PlainTextResponse(MISCALLED, 403)
    if _is_foreign(scope) or (path.rstrip("/").endswith("/logout") and _is_led_here(scope)):
        return PlainTextResponse(FOREIGN, 403)
    if _needs_login(scope, path) and not _is_let_in(scope):
        return PlainTextResponse(NO_LOGIN, 401)
    length = Headers(scope=scope).get("content-length", "0")
    if length.isdigit() and int(length) > MAX_REQUEST_BYTES:
        return PlainTextResponse(TOO_LARGE, 413)
    return None


def _needs_login(scope: Scope, path: str) -> bool:
    """Tell whether a request costs memory before Gradio asks for a login, or without it."""
    if scope["method"] == "POST":
        return not path.rstrip("/").endswith("/login")
    return "/heartbeat/" in path


def _is_let_in(scope: Scope) -> bool:
    """Tell whether a visitor logged in, where that is asked for."""
    app: Any = scope.get("app")
    if getattr(app, "auth", None) is None:
        return True
    cookies = HTTPConnection(scope).cookies
    names = (f"access-token-{kind}{app.cookie_id}" for kind in ("", "unsecure-"))
    return any(cookies.get(name) in app.tokens for name in names)


def _is_foreign(scope: Scope) -> bool:
    """Tell whether another website has a visitor's browser act here, or read what is the visitor's.

    Gradio lets any website ask, with cookies. Programs send no Origin, and pages, those in a frame
    too, that of their own host; reading what needs no cookie is open to all.
    """
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    if origin is None:
        return False
    if scope["method"] in ("GET", "HEAD") and "cookie" not in headers:
        return False
    own = {_host(f"//{name}") for name in _names(headers)}
    own.add(_host(os.environ.get("GRADIO_ROOT_PATH", "")))
    host = _host(origin)
    return not host or (host not in own and not (host in THIS_MACHINE and own & THIS_MACHINE))


def _is_miscalled(scope: Scope) -> bool:
    """Tell whether a request came by another name than those of this machine, where only this
    machine is served: a website can have its own name mean this machine, and would be no other."""
    headers = Headers(scope=scope)
    host = _host(f"//{headers.get('host', '')}")
    here = _address((scope.get("server") or ("",))[0])
    if not host or not local() or here is None or not here.is_loopback:
        return False
    if any(name.startswith(PROXIED) for name in headers):
        return False
    # no website has a number for its name
    return _address(host) is None and host != "localhost" and not host.endswith(".localhost")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_led_here(scope: Scope) -> bool:
    """Tell whether another website led a browser here, by a link or as if to a picture."""
    headers = Headers(scope=scope)
    told = headers.get("sec-fetch-site")
    if told is not None:
        return told not in ("same-origin", "none")
    referer = headers.get("referer")  # of a browser that says no more
    own = {_host(f"//{name}") for name in _names(headers)} - {""}
    return referer is not None and _host(referer) not in own


def _names(headers: Headers) -> list[str]:
    """Return by what names this server may be asked: its own, a proxy's, a Space's."""
    passed_on = headers.get("x-forwarded-host", "").split(",")
    names = [headers.get("host", ""), *passed_on, os.environ.get("SPACE_HOST", "")]
    return [name.strip() for name in names]


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:  # no address
        return ""


def with_headers(scope: Scope, send: Send) -> Send:
    """Wrap a sender so that each answer carries our headers."""

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            if "/file=" in scope["path"] and message["status"] == 200:
                versioned = scope.get("query_string", b"").startswith(b"v=")
                kept = FOREVER if versioned else REVALIDATE
                if PERSONAL.search(scope["path"]):
                    kept = kept.replace("public", "private")
                headers["Cache-Control"] = kept
        await send(message)

    return sender
