"""The live watch in a terminal: alerts by name, feeds, how old it is, what is owed, what is taken up."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from served import founded, seed_of, serving

from wideberth.cli import run
from wideberth.cli import watch as watch_module
from wideberth.cli.watch_lines import Item, Reader, item_line, lines_of, spoken_text
from wideberth.cli.watch_live import (
    DOUBTS,
    LOST,
    Changes,
    Learner,
    Namer,
    Names,
    alert_line,
    going_of,
    head_lines,
    names_of,
)
from wideberth.client import Client, Problem
from wideberth.client.live import AlertView, FeedNow, LiveWatch, OpenAlert, OwnTrack, Place, WatchNow
from wideberth.client.wire import AsOf, Base64, NoticeRow
from wideberth.keys import Key, write_key
from wideberth.space.units import time_to_us
from wideberth.space.volume import Circle, Volume4D
from wideberth.watch.state import Flag

Captured = pytest.CaptureFixture[str]
NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
ID = UUID("07fc6e00-0000-4000-8000-000000000001")
OWN, OTHER, PLACE_ID = "52" * 16, "63" * 16, "74" * 16
NAMES = Names("BBB", {OWN: "Relief 11", OTHER: "Ferry 3", PLACE_ID: "Ward\u202e 2"}, {"AFR12": f"BBB/{OWN}", "F7": ""})
PAIR: dict[str, Any] = {"kind": "pair", "own": "AFR12", "other": "DLH45"}
NEAR: dict[str, Any] = PAIR | {
    "entry_s": 12.0,
    "cpa_s": 100.9,
    "horizontal_m": 1_650.0,
    "vertical_m": -61.0,
    "closure_m_s": 212.0,
}
BOTH = "AFR12 (Relief 11, yours) and DLH45"
FAR = "1,650 m apart, 61 m in height, closing 212 m/s"
MINE: dict[str, Any] = {"kind": "operation", "own": f"BBB/{OWN}", "other": "STRANGR", "entry_s": 100.0, "cpa_s": 100.0}
THEIRS: dict[str, Any] = {"kind": "protected", "own": "F7", "other": f"AAA/{PLACE_ID}", "entry_s": 30.0}
HIDDEN: dict[str, Any] = {"kind": "hidden", "own": "AFR12", "other": "", "entry_s": 0.0, "cpa_s": 0.0}
LINE: dict[str, Any] = {"kind": "line", "own": "/0/TAF", "other": "f0"}
NOT_SHOWN = "something that is not shown to you: AFR12 (Relief 11, yours)"


def place(age_s: float) -> Place:
    """A place whose report is so old."""
    return Place(46.0, 7.0, 10.0, age_s)


def opened(state: str, more: dict[str, Any], alert: UUID = ID) -> OpenAlert:
    """An alert of the picture."""
    head = {"state": state, "opened_us": 0, "acknowledged_us": 0, "doubt": ""}
    return OpenAlert(alert, AlertView(**(head | more)))


@pytest.mark.parametrize(
    ("state", "more", "said"),
    [
        ("warned", NEAR, f"{BOTH}: too near in 0:12, nearest in 1:40, {FAR}"),
        ("happened", NEAR | {"acknowledged_us": 1}, f"{BOTH}: nearest in 1:40, {FAR}, taken up"),
        ("warned", NEAR | {"vertical_m": None, "closure_m_s": -3.0, "entry_s": None},
         f"{BOTH}: nearest in 1:40, 1,650 m apart, height not known, moving apart at 3 m/s"),
        ("passed", PAIR, BOTH),
        ("lost", PAIR | {"own": ""}, f"an aircraft that is not named and DLH45{LOST}"),
        ("warned", MINE, "Relief 11 (yours): STRANGR enters in 1:40"),
        ("happened", MINE, "Relief 11 (yours): STRANGR has entered"),
        ("warned", MINE | {"entry_s": None}, "Relief 11 (yours): STRANGR comes towards it"),
        ("warned", MINE | {"own": f"BBB/{'ab' * 16}"}, "plan ababab (yours): STRANGR enters in 1:40"),
        ("warned", THEIRS, "Ward\\u202e 2 (AAA, protected place): F7 (yours) enters in 0:30"),
        ("warned", LINE | {"entry_s": 61.0}, "agreed line 0: f0 crosses in 1:01"),
        ("warned", HIDDEN, f"{NOT_SHOWN} enters within a minute"),
        ("warned", HIDDEN | {"entry_s": 60.0, "doubt": "jump, shared"},
         f"{NOT_SHOWN} enters in 1 min or more (doubtful: it jumped, two places report one address)"),
        ("warned", HIDDEN | {"kind": "operation"}, f"{NOT_SHOWN} enters within a minute"),
        ("warned", HIDDEN | {"kind": "protected", "entry_s": 120.0}, f"{NOT_SHOWN} enters in 2 min or more"),
    ],
)  # fmt: skip
def test_an_alert_is_one_line(state: str, more: dict[str, Any], said: str) -> None:
    """Which, who by the reader's names, when, how near, how fast; of what is hidden only the minute; it sounds while
    there is something to do; the list has the same words."""
    alert = opened(state, more)
    (line,) = lines_of(alert, Reader("BBB", "en", names=NAMES))
    assert line.startswith("\a") == (state in ("warned", "happened"))
    assert line.endswith(f"Z ALERT {state} 07fc6e: {said}")
    assert spoken_text(Item("alert", alert, names=NAMES), "BBB", "en") == f"ALERT {state} 07fc6e: {said}"


@pytest.mark.parametrize(
    ("more", "ages", "end"),
    [
        (NEAR, (1.0, 25.4), f"{FAR}, last report 25 s ago"),
        (NEAR, (6.0, 1.0), f"{FAR}, last report 6 s ago"),
        (NEAR, (5.0, 1.0), FAR),
        (MINE, (None, 25.0), "enters in 1:40, last report 25 s ago"),
        (HIDDEN, (9.0, None), "enters within a minute, last report 9 s ago"),
    ],
)
def test_a_countdown_on_old_reports_says_how_old(more: dict[str, Any], ages: tuple[Any, Any], end: str) -> None:
    """The older of both sides' reports counts, from five seconds up."""
    mine, theirs = (None if age is None else place(age) for age in ages)
    assert alert_line(opened("warned", more | {"mine": mine, "theirs": theirs}), NAMES).endswith(end)


def noticed(**more: Any) -> dict[str, Any]:
    """An alert as an item of a notice."""
    item = {"kind": "alert", "what": "warned", "alert": str(ID), "of": "pair", "operation": None, "track": "AFR12"}
    item |= {"other": None, "closest": "", "horizontal_m": 1650.2, "vertical_m": 61.0, "doubtful": True, "by": None}
    return item | more


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "\a12:00:00Z ALERT warned 07fc6e: AFR12 (Relief 11, yours): 1,650 m apart, 61 m in height (doubtful)"),
        ({"what": "passed", "track": "", "operation": str(UUID(OWN)), "of": "entry", "doubtful": False, "other": "AAA"},
         "12:00:00Z ALERT passed 07fc6e: Relief 11 (yours) and AAA: entry"),
        ({"what": "acknowledged", "by": "AAA"}, "12:00:00Z ALERT taken up 07fc6e by AAA: AFR12 (Relief 11, yours)"),
        ({"what": "acknowledged", "by": "BBB"}, "12:00:00Z ALERT taken up 07fc6e by you: AFR12 (Relief 11, yours)"),
        ({"what": "happened", "of": "off-plan", "track": "", "operation": str(UUID(OWN))},
         "\a12:00:00Z ALERT happened 07fc6e: Relief 11 (yours) is off its plan"),
        ({"what": "passed", "of": "off-plan", "track": "", "operation": str(UUID(OWN))},
         "12:00:00Z ALERT passed 07fc6e: Relief 11 (yours) is no longer seen off its plan"),
        ({"what": "lost", "doubtful": False, "of": "line"},
         "12:00:00Z ALERT lost 07fc6e: AFR12 (Relief 11, yours): line, out of sight: how it went on is not known"),
    ],
)  # fmt: skip
def test_an_alert_of_the_ledger_is_called_as_in_the_list(more: dict[str, Any], said: str) -> None:
    """The same short id, the same names."""
    assert item_line(noticed(**more), NOW, Reader("BBB", "en", names=NAMES)) == said


def row(position: int, item: dict[str, Any]) -> NoticeRow:
    """A notice of one item."""
    return NoticeRow(1, position, NOW, Base64(b""), "alert", {"items": [item]})


def test_a_change_is_one_line_and_what_was_before_the_start_is_none() -> None:
    """The stream's event stands for the notice that follows; a notice without one is a line, but none of the time
    before the list. What one takes up is told once, by its notice."""
    reader = Reader("BBB", "en", since=40, names=NAMES)
    assert lines_of(row(39, noticed()), reader) == []
    assert len(lines_of(opened("warned", NEAR), reader)) == 1
    assert lines_of(row(40, noticed()), reader) == []
    assert len(lines_of(row(41, noticed(what="passed")), reader)) == 1
    assert len(lines_of(row(42, noticed(what="acknowledged", by="AAA")), reader)) == 1
    assert lines_of(opened("acknowledged", NEAR), reader) == []
    assert len(lines_of(opened("happened", NEAR), reader)) == 1


def picture(swept: datetime | None = NOW, **more: Any) -> WatchNow:
    """A picture of the live watch."""
    roof, hill = FeedNow("roof", "UP", 0.4, 1.0), FeedNow("hill", "DOWN", 212.4, None)
    given: dict[str, Any] = {"feeds": (roof, hill), "own": (), "alerts": (), "unsure": ()}
    return WatchNow(AsOf(40, NOW), swept, **(given | more))


def test_feeds_and_what_is_not_recognised_stand_over_the_list() -> None:
    """Each feed with its state; how long it is silent, how late it is where that is much; a node without feeds has
    nothing to say."""
    late = FeedNow("mast", "DEGRADED", None, 3_600.2)
    ahead = FeedNow("port", "UP", 0.1, -11.0)
    seen = picture(feeds=(*picture().feeds, late, ahead), unsure=("SWR12", "x\u202ey"))
    assert head_lines(seen, going_of(None, seen, NOW)) == [
        "Feeds: roof UP, hill DOWN (silent 212 s), mast DEGRADED (no news yet, lag 3600 s), port UP (lag -11 s)",
        "Not recognised as yours: SWR12, x\\u202ey",
    ]
    assert head_lines(picture(None, feeds=()), going_of(None, picture(None, feeds=()), NOW)) == []


def test_a_watch_that_stands_says_since_when() -> None:
    """A sweep that is older than 10 s and is not followed by another is not of now; a recording is told apart."""
    later = NOW + timedelta(seconds=11)
    assert going_of(picture(), picture(), NOW + timedelta(seconds=10)) == ""
    stands = going_of(picture(), picture(), later)
    assert head_lines(picture(), stands)[-1] == "LIVE WATCH STANDS since 12:00:00Z"
    played = picture(NOW + timedelta(milliseconds=500))
    assert "2026-05-01 12:00:00Z: a recording is played" in head_lines(played, going_of(picture(), played, later))[-1]
    assert "has not begun" in head_lines(picture(None), going_of(picture(None), picture(None), NOW))[-1]


def test_each_change_of_a_feed_is_a_line() -> None:
    """And nothing where nothing changed; so with names in doubt, and with a watch that stands and goes on."""
    changes = Changes(picture(), "")
    assert changes.lines(picture(), NOW) == []
    up = FeedNow("hill", "UP", 0.1, 0.2)
    new = FeedNow("port", "DOWN", None, None)
    assert changes.lines(picture(feeds=(up, new), unsure=("SWR12",)), NOW) == [
        "12:00:00Z FEED hill UP, was DOWN",
        "12:00:00Z FEED port DOWN (no news yet), new",
        "12:00:00Z FEED roof is gone",
        "12:00:00Z Not recognised as yours: SWR12",
    ]
    same = picture(feeds=(up, new), unsure=("SWR12",))
    later = NOW + timedelta(seconds=11)
    assert changes.lines(same, later) == ["12:00:11Z LIVE WATCH STANDS since 12:00:00Z"]
    assert changes.lines(same, later) == []
    assert changes.lines(picture(later, feeds=(up, new)), later) == ["12:00:11Z The live watch goes on"]


# at a node


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A node with AAA, BBB and CCC."""
    folder = tmp_path_factory.mktemp("node")
    founded(folder)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with serving(folder) as address:
        yield address
    structlog.reset_defaults()


@pytest.fixture
def key(tmp_path: Path) -> str:
    """BBB's watch key in a file."""
    path = tmp_path / "bbb.key"
    write_key(path, Key("watch", "BBB", "desk", seed_of("BBB")))
    return str(path)


def watched(capsys: Captured, *words: str) -> tuple[int, list[str]]:
    """Exit status and lines of a run."""
    capsys.readouterr()
    status = run(["watch", *words])
    return status, capsys.readouterr().out.splitlines()


def seen(monkeypatch: pytest.MonkeyPatch, *alerts: OpenAlert, **more: Any) -> None:
    """What the node shows of its live watch from now on."""
    now = picture(datetime.now(UTC), alerts=alerts, **more)
    monkeypatch.setattr(LiveWatch, "now", lambda _: now)


def test_what_is_not_taken_up_is_owed(url: str, key: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--once`, `--json` and `--spoken` end with 1 while an alert that is warned of or has happened is not taken up;
    the feeds stand over what is shown and what is read aloud."""
    at = ("--key", key, "--url", url)
    seen(monkeypatch)
    assert watched(capsys, *at, "--once") == (0, ["Feeds: roof UP, hill DOWN (silent 212 s)", "Nothing is open."])
    for state, more, status in (
        ("predicted", {}, 0),
        ("warned", {}, 1),
        ("happened", {}, 1),
        ("happened", {"acknowledged_us": 1}, 0),
        ("lost", {}, 0),
    ):
        seen(monkeypatch, opened(state, NEAR | more))
        assert [watched(capsys, *at, how)[0] for how in ("--once", "--json", "--spoken")] == [status] * 3, state
    seen(monkeypatch, opened("warned", NEAR))
    for how in ("--once", "--spoken"):
        _, lines = watched(capsys, *at, how)
        assert lines[0] == "Feeds: roof UP, hill DOWN (silent 212 s)"
        assert "ALERT warned 07fc6e: AFR12 and DLH45" in lines[-1]


def test_an_alert_is_taken_up_by_its_name(
    url: str, key: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its id, also where it came after the list, or by its place; what was taken up is said; a wrong id, and what
    is only predicted, are told."""
    told: list[UUID] = []

    def acknowledge(live: LiveWatch, alert: Any) -> Any:
        told.append(alert)
        return live.client.set_aircraft(UUID(int=1))

    monkeypatch.setattr(LiveWatch, "acknowledge", acknowledge)
    monkeypatch.setattr(watch_module.Desk, "told", lambda _self, _answer, done: print(done))
    young = UUID("abcdef00-0000-4000-8000-000000000001")
    alerts = (opened("warned", NEAR), opened("predicted", NEAR, UUID(int=7)))
    seen(monkeypatch, *alerts)
    desk_look = watch_module.Desk.look

    def look(desk: Any) -> Any:
        items = desk_look(desk)
        seen(monkeypatch, *alerts, opened("happened", NEAR | {"other": "N1"}, young))
        return items

    monkeypatch.setattr(watch_module.Desk, "look", look)
    words = ["ack 07fc6e", "ack ABCDEF", "ack 1", "ack 000000", "ack 123456"]
    _, lines = watched(capsys, "--key", key, "--url", url, *(part for word in words for part in ("--do", word)))
    assert lines[-5:] == [
        "Taken up 07fc6e: AFR12 and DLH45.",
        "Taken up abcdef: AFR12 and N1.",
        "Taken up 07fc6e: AFR12 and DLH45.",
        "000000 is only predicted: there is nothing to take up yet.",
        "No alerts that are open are called 123456. Type list.",
    ]
    assert told == [ID, young, ID]


def test_the_live_screen_says_what_changes(
    url: str, key: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody sits there and types nothing, a feed that comes back is a line."""
    seen(monkeypatch)
    monkeypatch.setattr(watch_module, "LOOK_S", 0.05)

    def typed() -> Iterator[str]:
        seen(monkeypatch, feeds=(FeedNow("roof", "UP", 0.4, 1.0), FeedNow("hill", "UP", 0.1, 0.5)))
        time.sleep(1.0)
        yield "quit"

    monkeypatch.setattr(watch_module, "_typed", typed)
    _, lines = watched(capsys, "--key", key, "--url", url)
    assert [line[10:] for line in lines if "FEED" in line] == ["FEED hill UP, was DOWN"]


def test_names_come_from_the_readers_own_view(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan by the label that its party gave it, one without a label by its id; own tracks by callsign and address
    with the plan that they fly."""
    with Client(url, "BBB", seed_of("BBB")) as client:
        now = datetime.now(UTC)
        start, end = (time_to_us(now + timedelta(hours=hours)) for hours in (1, 2))
        volume = Volume4D(Circle(42 * 10**9, -38 * 10**9, 2_000_000), 0, 1_000_000, start, end)
        operation = client.new_id()
        planned = client.plan(operation, [volume], label="Relief 11")
        assert not isinstance(planned, Problem), planned.sentence()
        zone = f"BBB/{operation.hex()}"
        own = OwnTrack("4b1234", "SWR12", zone, place(1.0))
        shown = picture(own=(own,), alerts=(opened("warned", MINE | {"own": zone}),))
        names = Namer(client).names(shown)
        assert alert_line(shown.alerts[0], names).endswith("07fc6e: Relief 11 (yours): STRANGR enters in 1:40")
        assert [names.track(name) for name in ("SWR12", "4b1234")] == [
            f"{n} (Relief 11, yours)" for n in ("SWR12", "4b1234")
        ]
        seen(monkeypatch, own=(own,))
        learner = Learner(client)
        learnt = learner.learned(Names("BBB"), shown.alerts[0].view)
        assert learnt.zone(zone, "operation") == "Relief 11 (yours)"
        met = opened("warned", NEAR | {"own": "SWR12"}).view
        assert learner.learned(learnt, met).track("SWR12") == "SWR12 (Relief 11, yours)"
        nameless = names_of("BBB", None, shown)
        assert nameless.zone(zone, "operation") == f"plan {operation.hex()[:6]} (yours)"


def test_every_flag_has_words() -> None:
    """What speaks against a track is said as people say it."""
    assert DOUBTS.keys() == {flag.name.lower() for flag in Flag if flag.name}
