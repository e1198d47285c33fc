"""What was handed over waits to be told of: one message at a time, none lost, the oldest dropped past a bound."""

import asyncio

import pytest

from wideberth.node import deliveries as module
from wideberth.node.deliveries import Deliveries
from wideberth.party.hotline import Delivery, Path


def row(message: int, cell: int) -> Delivery:
    """A hand-over to a cell of BBB."""
    return Delivery("AAA", message.to_bytes(16), 1, "BBB", str(cell), "", Path.FIRST, "mail", "handed", cell)


def test_an_entry_tells_of_one_message_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of several messages come in turns, each turn of one; all come, in order, and no more than fit."""
    monkeypatch.setattr(module, "DELIVERED_ROWS_MAX", 3)

    async def go() -> None:
        told: list[bytes] = []
        waiting = Deliveries(lambda: None)
        waiting.on_told = told.extend
        for i in range(12):
            waiting.tell(i.to_bytes(16), row(i % 2, i))
        turns = []
        while waiting.ready:
            turns.append(waiting.take())
            waiting.told()
        assert [{r.message for r in turn} for turn in turns] == [{bytes(16)}] * 2 + [{(1).to_bytes(16)}] * 2
        assert [r.at_us for turn in turns for r in turn] == [0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]
        assert len(told) == 12

    asyncio.run(go())


def test_past_the_bound_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing is decided no more than so many wait."""
    monkeypatch.setattr(module, "DELIVERED_KEPT_MAX", 4)
    monkeypatch.setattr(module, "DELIVERED_ROWS_MAX", 1)

    async def go() -> None:
        waiting = Deliveries(lambda: None)
        for i in range(6):
            waiting.tell(b"", row(i, i))
        left = []
        while waiting.ready:
            left += [r.at_us for r in waiting.take()]
        assert left == [2, 3, 4, 5]

    asyncio.run(go())
