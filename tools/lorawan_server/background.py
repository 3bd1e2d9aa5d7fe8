# SPDX-License-Identifier: MIT
"""The server, and gateways, in a thread: for tests and tours that are not asynchronous."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, TypeVar

from lorawan_server.events import Event
from lorawan_server.server import NetworkServer

Result = TypeVar("Result")
CALL_LIMIT_S = 60.0


class Background:
    """A server that runs while its with block does; port is where it listens.

    call() runs a function of the server's thread, wait() waits for an event, and
    do() runs a coroutine, such as a gateway's start().
    """

    def __init__(self, server: NetworkServer, port: int = 0) -> None:
        self.server = server
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._closers: list[Callable[[], Coroutine[Any, Any, None]]] = []

    def __enter__(self) -> Background:
        self._thread.start()
        self.port = self.do(self.server.start(port=self.port))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for close in reversed(self._closers):
            self.do(close())
        self.do(self.server.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def also_close(self, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Something else that lives in the loop, such as a gateway."""
        self._closers.append(close)

    def do(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_LIMIT_S)

    def call(self, function: Callable[..., Result], *args: Any, **more: Any) -> Result:
        """Run a function in the loop's thread."""

        async def work() -> Result:
            return function(*args, **more)

        return self.do(work())

    def wait(self, kind: str, timeout: float, *, after: int = -1, device: str = "") -> Event:
        """An event, past or to come; TimeoutError."""
        return asyncio.run_coroutine_threadsafe(
            self.server.wait(kind, timeout, after=after, device=device), self._loop
        ).result(timeout + CALL_LIMIT_S)
