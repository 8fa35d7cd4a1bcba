"""Connections that do not wait for ever: whoever sends no request, or the head of one only in crumbs, is cut off.

The HTTP server itself ends connections that are idle between two requests; before and within the head of one it waits
for as long as it takes, so that a few hundred half-sent requests would use up all connections that there are.
"""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 20.0


class Connection(H11Protocol):
    """A connection of the HTTP server on which each request's head has to be whole within some seconds."""

    head_seconds = HEAD_SECONDS
    _deadline: asyncio.TimerHandle | None = None
    _begun: object = None
    """The request that was begun last; another one in its place means that another head was whole."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Gives a new client the time for a first head."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Takes what has come, and sees whether it is a whole head."""
        super().data_received(data)
        if self.cycle is not self._begun:
            self._begun = self.cycle
            self._wait_no_longer()
        if getattr(self.cycle, "response_complete", False) and self._deadline is None:
            self._wait()  # for the next request, of which something is here, or for the rest of a body nobody reads

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is waited for any longer."""
        self._wait_no_longer()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(self.head_seconds, self._give_up)

    def _wait_no_longer(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        is_first = self._begun is None
        if self.cycle is not self._begun or self.transport.is_closing():
            return
        if is_first:
            self.transport.write(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        self.transport.close()
