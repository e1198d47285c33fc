"""Case M, a list of protected sites. Accounts are disputed; the scenario takes no side.

Some sites on the list were wrong, and some that were right were hit all the same.

What must happen here: two sources that say different places are flagged to the owner, as is a place that only one
source knows, and neither costs it its protection (row 14). Every plan is held against every entry, also those whose
review is overdue (row 2), and the plan that comes too near does not start.
"""

import pytest
from posts import Posts, origin, source
from worlds import HOUR

from wideberth.party.command import PlaceKind
from wideberth.refusal import Reason
from wideberth.theatre import dues, registers
from wideberth.theatre.outcome import DueItem
from wideberth.theatre.register_items import RegisterItem
from wideberth.theatre.rows import Thing
from wideberth.theatre.state import State


def the_wrong_site(world: Posts) -> None:
    """The clinic was noted 4 km off: the second source says another place, and AAA hears so at once."""
    said = origin(source("the clinic's head", 42.0), source("UN", 42.0 - 4 / 111))
    place, _ = world.protect("AAA", world.box(radius_m=200, start_h=30), said=said, kind=PlaceKind.HOSPITAL)
    flagged = [item.flags for _, item in world.told("AAA", RegisterItem)]
    assert flagged == [("disputed",)], "the wrong site looked right"
    assert world.state.things[("AAA", place)].live
    _, alone = world.protect("AAA", world.box(lat=43, radius_m=200), said=origin(source("UN", 43.0)))
    assert alone.accepted
    assert world.last("AAA", RegisterItem).flags == ("single-source",)


def the_right_site(world: Posts) -> None:
    """The school is right, and nobody looked at it for too long: it is met as on its first day."""
    said = origin(source("UN", 42.0), source("the ministry", 42.0))
    site = world.box(radius_m=200, lower_m=0, upper_m=50, start_h=40, hours=10)
    world.protect("AAA", site, said=said, kind=PlaceKind.SCHOOL, review_by_us=world.now_us + HOUR)
    world.pass_time(3 * HOUR)
    reviews = [item for _, item in world.told("AAA", DueItem) if item.kind == "review"]
    operation, answer = world.plan("BBB", world.box(lat=42.002, radius_m=100, lower_m=0, upper_m=300, start_h=41))
    assert answer.accepted
    assert answer.accepted.conflicts, "the site was no longer there"
    assert len(reviews) == 1
    refused = world.activate("BBB", operation)
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.CONFLICT_OPEN


def test_a_wrong_site_is_flagged() -> None:
    """To its owner, by its two sources."""
    the_wrong_site(Posts())


def test_without_sources_it_looks_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story where nobody weighs the sources."""
    monkeypatch.setattr(registers, "flags_of", lambda *_: ())
    with pytest.raises(AssertionError, match="looked right"):
        the_wrong_site(Posts())


def test_a_right_site_is_met_also_past_its_review() -> None:
    """The owner is told, and the plan over it does not start."""
    the_right_site(Posts())


def test_if_protection_expired_the_right_site_would_be_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story where a place ends with its review-by."""

    def expiring(_state: State, thing: Thing) -> int:
        return thing.review_by_us or thing.end_us

    monkeypatch.setattr(dues, "end_due_us", expiring)
    monkeypatch.setattr("wideberth.theatre.apply_things.end_due_us", expiring)
    with pytest.raises(AssertionError, match="no longer there"):
        the_right_site(Posts())
