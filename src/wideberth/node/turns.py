"""Turns: a queue a party, and one job of each in turn, so that one party's flood never slows another.

In:  jobs with the party that they are for.
Out: jobs, round robin over the parties that have any, each party's own in order; those that are urgent before all.
Refuses (False): a job past the limit of a party's queue.
"""

import asyncio
from collections import OrderedDict, deque
from typing import Generic, TypeVar

Job = TypeVar("Job")
T = TypeVar("T")


class Turns(Generic[Job]):
    """Queues by party. Not for several threads."""

    def __init__(self, waiting_max: int) -> None:
        """`waiting_max` jobs of one party wait at most."""
        self._waiting_max = waiting_max
        self._queues: OrderedDict[str, deque[Job]] = OrderedDict()
        self._urgent: OrderedDict[str, deque[Job]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        """How many jobs wait."""
        return self._size

    @property
    def parties(self) -> int:
        """How many parties have jobs waiting; those with urgent ones count for themselves."""
        return len(self._queues) + len(self._urgent)

    def put(self, party: str, job: Job, urgent: bool = False) -> bool:
        """Queue a job; False where the party has too many waiting."""
        queue = (self._urgent if urgent else self._queues).setdefault(party, deque())
        if len(queue) >= self._waiting_max:
            return False
        queue.append(job)
        self._size += 1
        return True

    def take(self) -> Job | None:
        """The next job: of the party whose turn it is, which then goes to the end of the line."""
        queues = self._urgent or self._queues
        if not queues:
            return None
        party, queue = queues.popitem(last=False)
        job = queue.popleft()
        self._size -= 1
        if queue:
            queues[party] = queue
        return job


def settle(future: asyncio.Future[T], value: T) -> None:
    """Give an answer to whoever still waits for it."""
    if not future.done():
        future.set_result(value)
