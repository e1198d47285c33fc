"""So many at once, the most urgent first.

In:  who wants in, how urgently (lower is sooner). Out: a turn, given back at the end of the context.
"""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """A semaphore whose waiting line is sorted."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._numbers = itertools.count()
        self._line: list[tuple[int, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def turn(self, urgency: int) -> AsyncIterator[None]:
        """Wait for a place; among equals the first to come."""
        if self._free > 0:
            self._free -= 1
        else:
            called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._line, (urgency, next(self._numbers), called))
            try:
                await called
            except asyncio.CancelledError:
                if called.done() and not called.cancelled():
                    self._next()
                raise
        try:
            yield
        finally:
            self._next()

    def _next(self) -> None:
        """Hand a place to whoever waits, or keep it free."""
        while self._line:
            _, _, called = heapq.heappop(self._line)
            if not called.done():
                called.set_result(None)
                return
        self._free += 1
