"""Gives each open page a name that only its visitor can use.

Gradio hands the answers and the state of a page to whoever knows the name that the page gave
itself, which stands in addresses and so in the logs of proxies. Here the name that Gradio sees
follows from that name and from whose it is, so that with another cookie it means another page.
"""

import json
import re
import secrets
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import MutableHeaders
from starlette.types import Scope

FIELD, LONGEST_NAME = "session_hash", 100
NAME = re.compile(rf"[!-~]{{1,{LONGEST_NAME}}}")
BEAT = re.compile(r"([^=]*/gradio_api/heartbeat/)([^/]*)", re.S)
_SECRET = secrets.token_bytes(32)  # a cookie's digest stands in paths of files


def inner(name: str, owner: str) -> str:
    """Return by what name the server knows a page of a visitor."""
    return blake2b(f"{owner} {name}".encode(), key=_SECRET, digest_size=16).hexdigest()


def is_named(asked: object) -> bool:
    """Tell whether a page and an event have names as Gradio gives them, which it keeps for long."""
    names = [asked.get(name) for name in (FIELD, "event_id")] if isinstance(asked, dict) else []
    return all(name is None or (isinstance(name, str) and NAME.fullmatch(name)) for name in names)


def renamed(asked: Any, body: bytes, owner: str) -> bytes:
    """Return a JSON body with the inner name of its page."""
    name = asked.get(FIELD) if isinstance(asked, dict) else None
    if name is None:
        return body
    return json.dumps(asked | {FIELD: inner(name, owner)}).encode()


def with_length(scope: Scope, body: bytes) -> Scope:
    """Return a request that tells the length of its body."""
    told = {**scope, "headers": list(scope["headers"])}
    headers = MutableHeaders(scope=told)
    if "content-length" in headers:
        headers["content-length"] = str(len(body))
    return told


def readdressed(scope: Scope, owner: str) -> Scope | None:
    """Return a request whose address has the inner name of its page; None where it has no name."""
    beat = BEAT.fullmatch(scope["path"])
    if beat is not None:
        if not NAME.fullmatch(beat.group(2)):
            return None
        path = beat.group(1) + inner(beat.group(2), owner)
        return {**scope, "path": path, "raw_path": path.encode()}
    if not scope["path"].endswith("/gradio_api/queue/data"):
        return scope
    asked = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    if not NAME.fullmatch(asked.get(FIELD, "")):
        return None
    query = urlencode(asked | {FIELD: inner(asked[FIELD], owner)})
    return {**scope, "query_string": query.encode()}
