"""Conformance: inside, outside, and how long, with the error taken off."""

import pytest
from geographiclib.geodesic import Geodesic
from watch_kit import SECOND, us

from wideberth.space.volume import Circle, Volume4D
from wideberth.watch.conformance import CONFORMANCE, Conformance, Fix, Stand, is_outside

HERE = Volume4D(Circle(48_000_000_000, 8_000_000_000, 1_000_000), 100_000, 500_000, us(0), us(3_600))


def fix(far_m: float, error_m: float = 10.0, height_m: float | None = 300.0, spread_m: float = 0.0) -> Fix:
    """A place at a distance from the middle."""
    at = Geodesic.WGS84.Direct(48, 8, 70, far_m)
    low, high = (
        (None, None) if height_m is None else (round((height_m - spread_m) * 1e3), round((height_m + spread_m) * 1e3))
    )
    return Fix(round(at["lat2"] * 1e9), round(at["lon2"] * 1e9), round(error_m * 1e3), low, high)  # fmt: skip


@pytest.mark.parametrize(
    ("where", "outside"),
    [
        (fix(900), False),
        (fix(1_005), False),
        (fix(1_011), True),
        (fix(1_050, 100), False),
        (fix(0, 10, 501), True),
        (fix(0, 10, 501, 5), False),
        (fix(0, 10, 99), True),
        (fix(0, 10, None), False),
        (fix(1_011, 10, None), True),
    ],
)
def test_outside_is_beyond_the_error(where: Fix, outside: bool) -> None:
    """Outside counts what is so with the 95 % error taken off; a height that nobody knows is not held against it."""
    assert is_outside([HERE], where, us(10)) is outside


def test_volumes_follow_one_another_in_time() -> None:
    """Only the volumes of the moment count, half open; outside of all times it is outside."""
    next_ = Volume4D(Circle(49_000_000_000, 8_000_000_000, 1_000_000), 100_000, 500_000, us(3_600), us(7_200))
    assert not is_outside([HERE, next_], fix(0), us(3_599))
    assert is_outside([HERE, next_], fix(0), us(3_600))
    assert is_outside([HERE, next_], fix(0), us(-1))


def run(places: list[Fix | None]) -> list[tuple[int, str, Stand]]:
    """Turns of one operation, a second a place: when, why, and what it is then."""
    watch = Conformance()
    turns = [turn for t, where in enumerate(places) for turn in watch.sweep("op", [HERE], where, us(t + 1))]
    return [((turn.time_us - us(0)) // SECOND, turn.event, turn.after) for turn in turns]


IN, OUT = fix(0), fix(2_000)


def test_outside_without_a_break_is_nonconforming_and_then_contingent_is_due() -> None:
    """After 5 s outside nonconforming, 60 s later contingent is due; back inside for 10 s it conforms."""
    assert run([IN] * 10 + [OUT] * 80 + [IN] * 15) == [
        (1, "seen", Stand.CONFORMING),
        (16, "outside too long", Stand.NONCONFORMING),
        (76, "nonconforming too long", Stand.CONTINGENT_DUE),
        (101, "back inside", Stand.CONFORMING),
    ]


def test_a_short_excursion_is_none_and_many_are() -> None:
    """Four seconds out once in two minutes is within the 95 %; four in every twenty is not."""
    assert run([IN] * 100 + [OUT] * 4 + [IN] * 20) == [(1, "seen", Stand.CONFORMING)]
    often = run(([IN] * 16 + [OUT] * 4) * 6)
    assert [event for _, event, _ in often] == ["seen", *["outside too often", "back inside"] * 2, "outside too often"]


def test_not_seen_is_not_conforming() -> None:
    """A track that stops is unseen after 15 s; one that was nonconforming stays so until it is seen inside."""
    assert run([IN] * 5 + [None] * 30 + [IN]) == [
        (1, "seen", Stand.CONFORMING),
        (21, "not seen", Stand.UNSEEN),
        (36, "seen", Stand.CONFORMING),
    ]
    assert run([IN] + [OUT] * 10 + [None] * 30)[-1] == (7, "outside too long", Stand.NONCONFORMING)
    assert run([IN] + [OUT] * 10 + [None] * 80)[-1] == (67, "nonconforming too long", Stand.CONTINGENT_DUE)


def test_every_second_look_outside_is_half_of_the_time() -> None:
    """What is outside at every other sweep is outside too often, as soon as a minute was watched."""
    assert run([IN, OUT] * 40)[1] == (62, "outside too often", Stand.NONCONFORMING)


def test_every_row_of_the_table_leads_somewhere_else() -> None:
    """The table has no row that changes nothing, and every stand can be left."""
    assert all(before is not after for (before, _), after in CONFORMANCE.items())
    assert {before for before, _ in CONFORMANCE} == set(Stand)
