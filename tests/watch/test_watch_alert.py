"""Alerts: one life a pair, every step in the table, no flutter, none lost."""

import math

import numpy as np
import pytest
from msgspec.structs import replace
from watch_kit import SECOND, us

from wideberth.refusal import Reason, Refusal
from wideberth.watch.alert import ALERT, OVER, RULES, Alerts, AlertState, Change, Key, Seen, alert_id

KEY: Key = ("pair", "1", "2")
BOTH = {"1", "2"}


def seen(entry_s: float, far_m: float = 3_000.0, inside: bool = True, key: Key = KEY) -> Seen:
    """One pair in one sweep."""
    return Seen(key, entry_s, entry_s + 30, far_m, 0.0, inside, None, 2_000.0 + 200.0 * entry_s, 100.0 + entry_s)


def run(alerts: Alerts, sweeps: list[Seen | None], start: int = 0, sighted: set[str] = BOTH) -> list[tuple[int, str]]:
    """When which event came, one sweep a second."""
    events = []
    for t, one in enumerate(sweeps, start):
        changes = alerts.sweep([one] if one else [], dict.fromkeys(sighted, us(t)), us(t))
        for alert in alerts.by_id.values():
            alert.parties = ("AAA", "BBB")
        events += [(t, change.event) for change in changes]
    return events


def test_the_whole_life_of_an_alert() -> None:
    """Predicted, warned, acknowledged by both, happened, passed: in this order, each once."""
    alerts = Alerts()
    assert run(alerts, [seen(200), seen(199)]) == [(1, "opened")]
    assert run(alerts, [seen(121), seen(120)], 80) == [(81, "time is short")]
    (alert,) = alerts.by_id.values()
    assert alerts.acknowledge(alert.id, "AAA", us(82)) == []
    done = alerts.acknowledge(alert.id, "BBB", us(83))
    assert done == [Change(alert.id, "acknowledged by all", AlertState.WARNED, AlertState.ACKNOWLEDGED, us(83))]
    assert run(alerts, [seen(1), seen(0, 2_500)], 200) == [(201, "too near")]
    assert run(alerts, [None] * 15, 202) == [(211, "apart")]
    assert alert.nearest == (us(201), 2_000.0, 100.0)
    run(alerts, [None] * 61, 217)
    assert not alerts.by_id


def test_who_joins_has_not_acknowledged() -> None:
    """Somebody whom an acknowledged alert comes to concern as well is warned; everybody has not acknowledged then."""
    alerts = Alerts()
    run(alerts, [seen(200), seen(100)])
    (alert,) = alerts.by_id.values()
    for party in ("AAA", "BBB"):
        alerts.acknowledge(alert.id, party, us(3))
    assert alert.state is AlertState.ACKNOWLEDGED
    assert alerts.concern(alert, {"AAA", "BBB"}, us(4)) == []
    (change,) = alerts.concern(alert, {"AAA", "BBB", "CCC"}, us(4))
    assert (change.after, alert.parties) == (AlertState.WARNED, ("AAA", "BBB", "CCC"))


def test_one_sweep_opens_nothing_unless_time_is_short() -> None:
    """A single prediction far ahead opens no alert; one that leaves less than two minutes opens and warns at once."""
    assert run(Alerts(), [seen(200), None, seen(200), None, seen(200)]) == []
    assert run(Alerts(), [seen(60)]) == [(0, "opened"), (0, "time is short")]
    assert run(Alerts(), [seen(0)]) == [(0, "opened"), (0, "time is short"), (0, "too near")]


def test_what_waits_to_be_confirmed_is_known() -> None:
    """After the first prediction far ahead, and neither before nor once it is opened or gone."""
    alerts, waits = Alerts(), []
    for t, one in enumerate((None, seen(200), None, seen(200), seen(199), seen(198))):
        alerts.sweep([one] if one else [], dict.fromkeys(BOTH, us(t)), us(t))
        waits.append(alerts.unconfirmed)
    assert waits == [False, True, False, True, False, False]


def test_wider_minima_open_nothing_and_keep_what_is_open() -> None:
    """What only the wider minima see opens nothing; what is open stays as long as they see it."""
    assert run(Alerts(), [seen(50, inside=False)] * 20) == []
    alerts = Alerts()
    assert run(alerts, [seen(200), seen(199)] + [seen(math.inf, inside=False)] * 60) == [(1, "opened")]


def test_a_pair_that_flickers_is_one_alert() -> None:
    """Predicted and not, second by second for ten minutes: one alert, opened once."""
    alerts = Alerts()
    events = run(alerts, [seen(200) if t % 3 < 2 else None for t in range(600)])
    assert events == [(1, "opened")]
    assert len(alerts.by_id) == 1


def test_the_same_pair_again_within_a_minute_is_the_same_alert() -> None:
    """Passed, and predicted again 30 s later: the same id goes on, and is acknowledged anew; later it is another."""
    alerts = Alerts()
    run(alerts, [seen(60)])
    (first,) = alerts.by_id
    alerts.acknowledge(first, "AAA", us(0))
    assert run(alerts, [None] * 12, 1) == [(10, "apart")]
    assert run(alerts, [seen(100)], 40) == [(40, "predicted again"), (40, "time is short")]
    assert list(alerts.by_id) == [first]
    assert alerts.by_id[first].acknowledged == {}
    run(alerts, [None] * 12, 41)
    run(alerts, [None] * 61, 53)
    run(alerts, [seen(100)], 200)
    assert list(alerts.by_id) != [first]


def test_out_of_sight_is_not_apart() -> None:
    """A side that is not seen any more keeps the alert open for 30 s, and then ends it as lost sight."""
    alerts = Alerts()
    run(alerts, [seen(60)])
    assert run(alerts, [None] * 40, 1, {"1"}) == [(30, "lost sight")]


def test_who_may_acknowledge() -> None:
    """Only a party concerned, only from warned on, and not when it is over; twice is once."""
    alerts = Alerts()
    run(alerts, [seen(200), seen(199)])
    (id_,) = alerts.by_id
    for party, reason in (("CCC", Reason.UNKNOWN), ("AAA", Reason.WRONG_STATE)):
        no = alerts.acknowledge(id_, party, us(2))
        assert isinstance(no, Refusal)
        assert no.reason is reason
    run(alerts, [seen(100)], 3)
    assert alerts.acknowledge(id_, "AAA", us(4)) == alerts.acknowledge(id_, "AAA", us(9)) == []
    assert alerts.by_id[id_].acknowledged == {"AAA": us(4)}
    unknown = alerts.acknowledge("none", "AAA", us(5))
    assert isinstance(unknown, Refusal)


def test_ids_are_the_same_for_the_same_and_tell_nothing() -> None:
    """An id follows from pair, moment and the secret of a run, and no two are alike."""
    assert alert_id(KEY, 5, b"s") == alert_id(KEY, 5, b"s") != alert_id(KEY, 5, b"t")
    assert (
        len({alert_id(("pair", str(a), str(b)), t, b"s") for a in range(9) for b in range(9) for t in range(9)}) == 729
    )


@pytest.mark.parametrize("seed", range(12))
def test_a_seeded_sky_keeps_the_table_and_loses_none(seed: int) -> None:
    """Random pairs with noise and gaps for ten minutes: every change is a row of the table in order, flutter is
    bounded, and every pair that was too near for 3 s has an alert that says so."""
    random = np.random.default_rng(seed)
    alerts = Alerts()
    pairs = [("pair", str(2 * k), str(2 * k + 1)) for k in range(12)]
    meets = {key: random.uniform(60, 540) for key in pairs}
    misses = {key: random.choice([500.0, 4_900.0, 5_100.0, 9_000.0]) for key in pairs}
    at: dict[str, AlertState | None] = {}
    moves: dict[str, int] = {}
    near: dict[Key, int] = {}
    key_of: dict[str, Key] = {}
    happened: set[Key] = set()
    for t in range(700):
        rows, sighted = [], set[str]()
        for key in pairs:
            gone = random.random() < 0.1
            if gone:
                continue
            sighted |= set(key[1:])
            row = _predict(key, t, meets[key], misses[key], random)
            rows += [row] if row else []
            near[key] = near.get(key, 0) + 1 if row and row.inside and row.entry_s == 0 else 0
        for change in alerts.sweep(rows, dict.fromkeys(sighted, us(t)), us(t)):
            assert at.get(change.alert) == change.before
            assert change.before is None or ALERT[change.before, change.event] is change.after
            at[change.alert] = change.after
            moves[change.alert] = moves.get(change.alert, 0) + 1
            if change.before is None:
                key_of[change.alert] = alerts.by_id[change.alert].key
            if change.after is AlertState.HAPPENED:
                happened.add(key_of[change.alert])
        for key, count in near.items():
            assert count < 3 or key in happened
    assert all(state in OVER for state in at.values())
    assert max(moves.values()) <= 8
    assert len(key_of) <= 2 * len(pairs)


def _predict(key: Key, t: int, meets: float, misses: float, random: np.random.Generator) -> Seen | None:
    """Two on crossing ways at 400 m/s; the predicted miss distance scatters by more the earlier it is."""
    ahead = meets - t
    miss = abs(misses + random.normal(0, 5 + 2 * abs(ahead)))
    for minimum, inside in ((5_000.0, True), (5_500.0, False)):
        if miss >= minimum:
            continue
        half = math.sqrt(minimum**2 - miss**2) / 400.0
        if ahead - half < 300 and ahead + half > 0:
            return Seen(key, max(0.0, ahead - half), max(0.0, ahead), miss, 0.0, inside)
    return None


def test_the_table_is_whole() -> None:
    """Every open state leads to passed and to lost in one step, these only back to predicted; no row stands still."""
    for state in AlertState:
        rows = {event: after for (before, event), after in ALERT.items() if before is state}
        assert state not in rows.values()
        if state in OVER:
            assert rows == {"predicted again": AlertState.PREDICTED}
        else:
            assert (rows["apart"], rows["lost sight"]) == OVER
    assert RULES.dwell_us == 10 * SECOND


def test_what_places_guess_is_confirmed_by_another_report() -> None:
    """Sweeps without anything new confirm no guess, also of what is soon; what is very soon is told at once."""
    for entry_s in (200.0, 60.0):
        alerts = Alerts()
        same = replace(seen(entry_s), guessed=True, reported_us=us(0))
        assert run(alerts, [same, same, same]) == []
        assert not alerts.unconfirmed
        assert run(alerts, [replace(same, reported_us=us(3))], 3)[0] == (3, "opened")
    assert run(Alerts(), [replace(seen(29.0), guessed=True, reported_us=us(0))])[0] == (0, "opened")


def test_an_alert_passes_by_two_reports_of_each_side() -> None:
    """A radar turns in 12 s, and one of its plots is garbled: that alone lets nothing pass."""
    alerts = Alerts()
    run(alerts, [seen(200), seen(100)])
    for t in range(2, 40):
        plots = {"1": us(t), "2": us(t // 12 * 12)}
        changes = alerts.sweep([], plots, us(t))
        assert [c.event for c in changes] == (["apart"] if t == 24 else [])


def test_where_room_is_short_the_soonest_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight pairs and room for three: those that are nearest in time, whatever their numbers."""
    monkeypatch.setattr("wideberth.watch.alert.ALERTS_MAX", 3)
    alerts = Alerts()
    pairs = [seen(90.0 - 10 * k, key=("pair", str(k), "99")) for k in range(8)]
    alerts.sweep(pairs, {}, us(0))
    assert sorted(alert.key[1] for alert in alerts.by_id.values()) == ["5", "6", "7"]
    assert alerts.unopened == 5


def test_ids_of_two_runs_differ() -> None:
    """The same pair at the same moment: who knows one run's id knows nothing of the other's."""
    ids = []
    for secret in (b"one", b"two", b"one"):
        alerts = Alerts(secret=secret)
        run(alerts, [seen(60.0)])
        ids += alerts.by_id
    assert ids[0] == ids[2] != ids[1]
