"""Case L, an aid convoy, 2024. Accounts are disputed; the scenario takes no side.

The movement had been notified and coordinated. Its details were not passed down to those who watched the road; that
there were guards was not declared.

What must happen here: the movement's notice goes to every cell that it passes, and is effective only when each of them
has read it back (rows 1 and 3); who sees something that does not fit says so, and everybody hears of it (row 13).
"""

import pytest
from lines import Lines, cell
from worlds import circle

from wideberth.party.command import Text
from wideberth.party.hotline import Doubt
from wideberth.theatre import hotline
from wideberth.theatre.hotline_items import DoubtItem, Owed
from wideberth.words.readback import readback_of


def story(world: Lines) -> None:
    """Two drone crews watch two stretches of the road; the notice passes both."""
    world.tree(
        "BBB", cell("HQ"), cell("ROAD1", "HQ", circle(42, -38, 9_000)), cell("ROAD2", "HQ", circle(42.3, -38, 9_000))
    )
    for watch, code in (("hq", "HQ"), ("one", "ROAD1"), ("two", "ROAD2")):
        world.grant("BBB", watch)
        world.take("BBB", code, watch)
    world.grant("BBB", "crew")
    route = (world.box(lat=42, lower_m=0, upper_m=10), world.box(lat=42.3, lower_m=0, upper_m=10))
    notice, _ = world.tell("AAA", "BBB", volumes=route, text="Three white vehicles, marked on the roof.")
    right = readback_of(route, 1).items()
    world.receive("BBB", "AAA", notice, "HQ", "hq", right)
    assert not world.row("AAA", notice).effective_us, "those who watch the road did not have it"
    world.receive("BBB", "AAA", notice, "ROAD1", "one", right)
    doubt = Doubt(world.draw(16), world.subject("AAA", notice), 0)
    world.speak("BBB", doubt, Text("en", "There are armed men on one roof."), watch="crew")
    world.receive("BBB", "AAA", notice, "ROAD2", "two", right)
    assert not world.row("AAA", notice).effective_us
    assert world.last("AAA", DoubtItem).what == "raised"


def test_those_who_watch_the_road_have_to_have_it() -> None:
    """Coordination at headquarters is not effective, and what looks wrong is asked before anybody acts."""
    story(Lines())


def test_without_fan_out_headquarters_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story where a notice goes to the top alone."""
    top = lambda _state, to, _volumes, due_us: tuple(Owed(party, "HQ", due_us) for party in to)  # noqa: E731
    monkeypatch.setattr(hotline, "owed_by", top)
    with pytest.raises(AssertionError, match="did not have it"):
        story(Lines())
