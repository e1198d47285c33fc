"""What a party sees of an alert: of a hidden zone whole minutes alone, of an open one the figures."""

from wideberth.watch.alert import Alert, AlertState, Seen
from wideberth.watch.picture import Place, view_of

MINE = Place(42.0, -38.0, 30.0, 0.5, 3_000, None, 60.0, 90.0)


def alert(entry_s: float) -> Alert:
    """A track about to enter a zone."""
    seen = Seen(("protected", "7", "HAS/00"), entry_s, entry_s, 0.0, 0.0)
    return Alert("a1", seen.key, AlertState.WARNED, 1, 1, seen, 1, 1, None, ("AAA",))


def test_a_hidden_zone_shows_in_whole_minutes() -> None:
    """Two courses that differ by seconds look alike, and never later than true."""
    views = [view_of(alert(s), "AAA", "aaaaaa", "", (MINE, None), hidden=True) for s in (61.0, 74.3, 119.9)]
    assert {(v.entry_s, v.cpa_s, v.horizontal_m, v.vertical_m) for v in views} == {(60.0, 60.0, None, None)}
    assert {(v.kind, v.opened_us) for v in views} == {("hidden", 0)}
    assert view_of(alert(59.0), "AAA", "aaaaaa", "", (MINE, None), hidden=True).entry_s == 0.0


def test_an_open_zone_shows_as_it_is() -> None:
    """Where everybody may know the place, the time is told to the tenth of a second."""
    assert view_of(alert(74.31), "AAA", "aaaaaa", "CAA/01", (MINE, None)).entry_s == 74.3
