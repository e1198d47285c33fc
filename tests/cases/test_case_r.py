"""Case R, Kobani, 2019. Accounts are disputed; the scenario takes no side.

The exact places of a post had been passed; shells fell near it.

What must happen here: a protected post has room around it, not only under it: a plan that ends beside it is a conflict
(row 7), shown as a cell and never as a point (row 29), and it does not start (row 2). A notice of fire nearby reaches
those who answer for the post before it begins (row 1).
"""

import pytest
from posts import Posts, origin, source
from worlds import charter

from wideberth.party.command import Domain
from wideberth.refusal import Reason
from wideberth.theatre import conflicts
from wideberth.theatre.outcome import ConflictItem


def the_shells(world: Posts) -> None:
    """BBB's plan ends 300 m from AAA's post."""
    said = origin(source("AAA", 42, accuracy_m=5), source("UN", 42, accuracy_m=20))
    post, answer = world.protect("AAA", world.box(radius_m=50, lower_m=0, upper_m=50, start_h=1, hours=600), said=said)
    assert answer.accepted
    beside = world.box(lat=42 + (50 + 300 + 1_000) / 111_070, radius_m=1_000, lower_m=0, upper_m=2_000, start_h=30)
    operation, _ = world.plan("BBB", beside, domain=Domain.GROUND)
    refused = world.activate("BBB", operation)
    assert refused.refusal is not None, "shells fell near the post"
    assert refused.refusal.reason is Reason.CONFLICT_OPEN
    for party in ("AAA", "BBB"):
        assert world.last(party, ConflictItem).severity in ("close", "near")
    (place,) = world.last("BBB", ConflictItem).places.each()
    assert place.shows == "cell"
    assert post not in bytes(str(world.last("BBB", ConflictItem)), "utf-8")


def test_a_post_has_room_around_it() -> None:
    """Nothing starts 300 m from it without its owner's word."""
    the_shells(Posts())


def test_without_minima_they_fall_near_it() -> None:
    """The same story where only what lies on the post is a conflict."""
    with pytest.raises(AssertionError, match="fell near"):
        the_shells(Posts(rules=charter(separations=())))


def test_without_the_block_they_fall_near_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story where a known post blocks nothing: to know the exact place was not enough."""
    monkeypatch.setattr(conflicts, "blocked", lambda *_: None)
    with pytest.raises(AssertionError, match="fell near"):
        the_shells(Posts())
