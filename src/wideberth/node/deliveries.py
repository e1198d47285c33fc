"""What was handed over on routes, on its way into the ledger.

In:  rows of a courier, each under an id. Out: so many of one message at a time, as one entry tells of them: who proves
one message shows nothing of another.
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
        self._rows: dict[tuple[str, bytes], deque[tuple[bytes, Delivery]]] = {}
        """By message, the one that waits longest first."""
        self._count = 0
        self._taken: list[tuple[bytes, Delivery]] = []
        self._wake = wake
        self.on_told: Callable[[Sequence[bytes]], None] = lambda _: None
        """Hears which ids an entry told of."""
        self.ready = False

    def tell(self, job: bytes, row: Delivery) -> None:
        """One more."""
        if self._count == DELIVERED_KEPT_MAX:
            structlog.get_logger().error("deliveries.dropped")
            self._drop_oldest()
        if not self._rows:
            asyncio.get_running_loop().call_later(DELIVERED_US / 1e6, self._due)
        self._rows.setdefault((row.sender, row.message), deque()).append((job, row))
        self._count += 1
        self.ready = self.ready or self._count >= DELIVERED_ROWS_MAX

    def _drop_oldest(self) -> None:
        subject = next(iter(self._rows))
        self._rows[subject].popleft()
        self._count -= 1
        if not self._rows[subject]:
            del self._rows[subject]

    def _due(self) -> None:
        self.ready = bool(self._rows)
        self._wake()

    def take(self) -> tuple[Delivery, ...]:
        """The first message's; they are gone with `told`."""
        subject = next(iter(self._rows))
        rows = self._rows[subject]
        self._taken = [rows.popleft() for _ in range(min(len(rows), DELIVERED_ROWS_MAX))]
        self._count -= len(self._taken)
        if not rows:
            del self._rows[subject]
        self.ready = bool(self._rows)
        return tuple(row for _, row in self._taken)

    def told(self) -> None:
        """What was taken is an entry."""
        ids = [job for job, _ in self._taken if job]
        self._taken = []
        if ids:
            self.on_told(ids)
