"""Sends an answer by one system call.

uvicorn writes the head of an answer and its body in two system calls. The second costs a tenth of a GET, and it wakes
the client for a head without a body.
"""

import asyncio
from typing import Any


class OneWrite:
    """A transport that holds what is written until more comes, or until the event loop turns."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._held: list[bytes] = []
        self.is_closing = transport.is_closing  # asked for at every answer: `__getattr__` would cost more

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send this with what is held; if nothing is held, hold it."""
        if not self._held:
            self._held.append(data)
            self._loop.call_soon(self.send)
            return
        self._held.append(data)
        self.send()

    def close(self) -> None:
        """Close, after sending what is held."""
        self.send()
        self._transport.close()

    def send(self) -> None:
        """Send what is held, unless the client has left."""
        held, self._held = self._held, []
        if held and not self._transport.is_closing():
            self._transport.writelines(held)
