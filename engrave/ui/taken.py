"""Takes uploads in, counted as they come; of one that breaks off nothing stays."""

import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import SimpleNamespace

from gradio import route_utils
from gradio.components import file
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engrave.errors import FULL, AccessError, is_full
from engrave.ui import room
from engrave.ui.guard import MAX_REQUEST_BYTES, TOO_LARGE

Naming = Callable[[Path], str]  # gives a file that Gradio took in the name that it is known by


class Uploads:
    """All uploads that are under way."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._coming: Counter[Path] = Counter()  # bytes, by the folder that they will lie in
        self._open = 0
        self._before: set[Path] = set()
        # Gradio names them as every program names its scratch files, and forgets them when they
        # break off; whoever sweeps must know which are whose
        named = partial(NamedTemporaryFile, prefix=room.half_of_ours())
        vars(route_utils)["NamedTemporaryFile"] = named
        # each file of each call would leave an empty one behind, made for its name alone
        vars(file)["tempfile"] = SimpleNamespace(NamedTemporaryFile=lambda **_: SimpleNamespace())

    async def take(
        self, scope: Scope, receive: Receive, send: Send, own: Path, naming: Naming
    ) -> None:
        """Let Gradio take an upload in, and answer with names in the visitor's folder."""
        if not self._open:
            self._before = room.halves(own.parents[1])
        self._open += 1
        counted = _Counted(receive, self._coming, own)
        try:
            answer = await self._answer(scope, counted, own, naming)
        finally:
            self._open -= 1
            self._coming -= Counter({own: counted.bytes})
            room.forget(own)
            if not self._open:  # Gradio forgets them when an upload breaks off
                room.sweep_halves(own.parents[1], self._before)
        await answer(scope, receive, send)

    async def _answer(
        self, scope: Scope, counted: "_Counted", own: Path, naming: Naming
    ) -> Response:
        try:
            start, body = await self._asked(scope, counted, own)
            if start["status"] == 200:
                return JSONResponse([naming(Path(path)) for path in json.loads(body)])
            answer = Response(body, start["status"])
            answer.raw_headers = list(start["headers"])
            return answer
        except Exception as error:
            if not isinstance(error, AccessError) and not is_full(error):
                raise
            await counted.drain()  # else a browser tells of a broken connection, and not why
            return PlainTextResponse(*((FULL, 507) if is_full(error) else (str(error), 413)))

    async def _asked(self, scope: Scope, counted: "_Counted", own: Path) -> tuple[Message, bytes]:
        """Return Gradio's answer; raises AccessError where there is no room for the upload."""
        programs = own.name == room.GUEST
        counted.left = await run_in_threadpool(room.left, own, programs=programs)
        length = Headers(scope=scope).get("content-length", "0")
        counted.check(int(length) if length.isdigit() else 0)
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        # Gradio may move files after its answer, but not after this call
        await self.app(scope, counted, keep)
        return messages[0], b"".join(message.get("body", b"") for message in messages)


class _Counted:
    """Hands on what comes in, as long as there is room for it."""

    def __init__(self, receive: Receive, coming: Counter[Path], own: Path) -> None:
        self.receive, self.coming, self.own = receive, coming, own
        self.left: float = 0
        self.bytes = 0
        self._ended = False

    async def __call__(self) -> Message:
        message = await self.receive()
        came = len(message.get("body", b""))
        self.bytes += came
        self.coming[self.own] += came
        self._ended = not message.get("more_body", False)
        self.check()
        return message

    def check(self, more: int = 0) -> None:
        """Raise AccessError where so much more would be too much."""
        if self.bytes + more > MAX_REQUEST_BYTES:
            raise AccessError(TOO_LARGE)
        if self.coming[self.own] + more > self.left:
            raise room.filled()

    async def drain(self) -> None:
        """Read the rest of what was sent, and throw it away."""
        came = self.bytes
        while not self._ended and came <= MAX_REQUEST_BYTES:
            message = await self.receive()
            came += len(message.get("body", b""))
            self._ended = not message.get("more_body", False)
