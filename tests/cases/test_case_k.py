"""Case K, Kunduz, 2015. Accounts are disputed; the scenario takes no side.

A hospital had given its position; headquarters confirmed receipt. The crew in the air did not have it and went by a
description of a building. Calls during the strikes reached headquarters again, not those who fired.

What must happen here: receipt at headquarters alone never reads as effective (row 1); the unit whose area it is has to
say so itself, and its silence climbs (row 5).
"""

import pytest
from lines import Lines, cell
from worlds import circle

from wideberth.party.hotline import Precedence
from wideberth.theatre import hotline, hotline_rules
from wideberth.theatre.hotline_items import RungItem


def story(world: Lines) -> None:
    """Headquarters says that it has it; the crew says nothing."""
    world.tree("BBB", cell("HQ"), cell("CREW", "HQ", circle(42, -38, 30_000)))
    for watch, code in (("hq", "HQ"), ("crew", "CREW")):
        world.grant("BBB", watch)
        assert world.take("BBB", code, watch).accepted
    text = "A hospital, marked, lit at night."
    notice, _ = world.tell("AAA", "BBB", text=text, volumes=(world.box(),), precedence=Precedence.ROUTINE)
    stop, _ = world.stop("AAA")
    for message in (notice, stop):
        owed = world.owed("AAA", message)
        code = "HQ" if ("BBB", "HQ") in owed else ""
        assert world.receive("BBB", "AAA", message, code, "hq").accepted
    world.receive("CCC", "AAA", stop)
    assert not world.row("AAA", notice).effective_us, "headquarters alone counted"
    assert not world.row("AAA", stop).effective_us, "headquarters alone counted"
    world.wait(185)
    assert [(i.cell, i.rung) for _, i in world.told("BBB", RungItem)] == [("CREW", 1), ("CREW", 2)]
    for message in (notice, stop):
        world.receive("BBB", "AAA", message, "CREW", "crew")
        assert world.row("AAA", message).effective_us


def test_receipt_at_headquarters_is_not_enough() -> None:
    """The crew itself has to have it; three minutes later everybody of its party knows that it has not."""
    story(Lines())


def test_without_cells_headquarters_would_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story where a party is one desk."""
    monkeypatch.setattr(hotline_rules, "affected", lambda *_: ("",))
    monkeypatch.setattr(hotline_rules, "all_cells", lambda *_: ("",))
    monkeypatch.setattr(hotline, "all_cells", lambda *_: ("",))
    with pytest.raises(AssertionError, match="headquarters alone"):
        story(Lines())
