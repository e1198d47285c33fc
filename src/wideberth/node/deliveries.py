"""What was handed over on routes, on its way into the ledger.

In:  rows of a courier, each under an id. Out: so many at a time, as one entry tells of them.
Refuses nothing: past a bound, while the node does not decide, the oldest are dropped, and the log says so.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from wideberth.limits import DELIVERED_KEPT_MAX, DELIVERED_ROWS_MAX, DELIVERED_US
from wideberth.party.hotline import Delivery


class Deliveries:
    """Rows that wait to be told of."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """`wake` is called when it is time to tell of them."""
        self._rows: deque[tuple[bytes, Delivery]] = deque(maxlen=DELIVERED_KEPT_MAX)
        self._taken: list[tuple[bytes, Delivery]] = []
        self._wake = wake
        self.on_told: Callable[[Sequence[bytes]], None] = lambda _: None
        """Hears which ids an entry told of."""
        self.ready = False

    def tell(self, job: bytes, row: Delivery) -> None:
        """One more."""
        if len(self._rows) == DELIVERED_KEPT_MAX:
            structlog.get_logger().error("deliveries.dropped")
        if not self._rows:
            asyncio.get_running_loop().call_later(DELIVERED_US / 1e6, self._due)
        self._rows.append((job, row))
        self.ready = self.ready or len(self._rows) >= DELIVERED_ROWS_MAX

    def _due(self) -> None:
        self.ready = len(self._rows) > 0
        self._wake()

    def take(self) -> tuple[Delivery, ...]:
        """The first of them; they are gone with `told`."""
        self._taken = [self._rows.popleft() for _ in range(min(len(self._rows), DELIVERED_ROWS_MAX))]
        self.ready = len(self._rows) > 0
        return tuple(row for _, row in self._taken)

    def told(self) -> None:
        """What was taken is an entry."""
        ids = [job for job, _ in self._taken if job]
        self._taken = []
        if ids:
            self.on_told(ids)
