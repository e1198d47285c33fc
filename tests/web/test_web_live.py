"""The live watch on the page in a real browser: alerts, tracks, feeds, and whose aircraft fly a plan.

Skipped, with the reason on screen, where no Chromium is installed (Debian: apt-get install chromium).
"""

import json
import uuid
from typing import Any

import msgspec
import page_browser
import page_live as pl
import page_stub
import page_world as pw
import pytest
from page_browser import Page
from page_steps import DRAWN, button, said, sign_on

from wideberth.api.live import WatchNow
from wideberth.node.live import AlertSoon
from wideberth.node.streams import MISSED
from wideberth.party.alerts import AcknowledgeAlert, Aircraft, SetAircraft
from wideberth.theatre.alerts import AlertNow

needs_browser = pytest.mark.skipif(page_browser.find() is None, reason="no Chromium here: apt-get install chromium")

CARDS = "document.querySelector('#cards').textContent"
FEEDS = "document.querySelector('#feeds')?.textContent"
LOADED = "document.querySelector('#feeds')?.checkVisibility()"


def card(name: str) -> str:
    """The card of an alert."""
    return f"document.querySelector('[data-need=\"alert:{pw.name_id(name)}\"]')"


def test_the_small_world_speaks_as_the_node_does() -> None:
    """What the page is tested with has the very fields of what the node sends, in the answer and in the event."""
    alerts = [pl.alert("A1", "warned"), pl.passed("A2")]
    said = {"as_of": {"position": 1, "time": pw.at("06:12:40"), "root": "q" * 43}, **pl.watching(), "alerts": alerts}
    kinds: list[tuple[dict[str, Any], type]] = [(said, WatchNow), (alerts[0], AlertSoon)]
    kinds += [(row, AlertNow) for row in pl.DAY]
    for given, kind in kinds:
        shown = json.loads(msgspec.json.encode(msgspec.convert(given, kind)))
        assert {key: shown[key] for key in given} == given


@needs_browser
def test_an_alert_stands_at_once_and_is_taken_up(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """It comes by the stream, first of all cards, says who, in how long, how near, how fast and where; it is said aloud
    and sounds until a signed command takes it up."""
    stub.reset("live")
    sign_on(plain, node, LOADED)
    stub.live["alerts"] = [pl.alert("A1", "warned")]
    stub.events.append(pl.event(stub.live["alerts"][0]))
    plain.until(card("A1"))
    assert plain.run("document.querySelector('#cards .card').dataset.need") == f"alert:{pw.name_id('A1')}"
    words = plain.run(f"{card('A1')}.textContent")
    for part in ("Alarm", "HELP 41 and MERO 7 come too near", "1:", "0.8 NM (1.5 km) across", "200 ft (61 m) in height",
                 "233 kt", "from your own"):  # fmt: skip
        assert part in words, (part, words)
    assert "HELP 41" in plain.run("document.querySelector('#shout').textContent")
    sounds = "import('/app/livecards.js').then(m=>m.sounding())"
    assert plain.run(sounds) is True
    button(plain, f"ack-alert:{pw.name_id('A1')}")
    command = said(stub, plain)
    assert command == AcknowledgeAlert(uuid.UUID(pw.name_id("A1")).bytes)
    plain.until(f"{card('A1')}.textContent.includes('You acknowledged at')")
    assert plain.run(sounds) is False
    assert plain.complaints == []


@needs_browser
def test_alerts_that_fell_away_are_asked_for(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """The stream says that more alerts came than could wait: the page asks for the picture."""
    stub.reset("empty")
    sign_on(plain, node, LOADED)
    plain.until(f"{FEEDS}==='no live watch'")
    stub.live = pl.watching() | {"alerts": [pl.alert("A1", "happened")]}  # of which this page does not ask by itself
    stub.events.append(MISSED.decode())
    plain.until(card("A1"))
    assert plain.complaints == []


@needs_browser
def test_happened_comes_first_and_predicted_is_quiet(
    plain: Page, node: page_stub.Running, stub: page_stub.Stub
) -> None:
    """What has happened stands before what is warned of; a prediction neither sounds, nor asks to be acknowledged."""
    stub.reset("live")
    stub.live["alerts"] = [
        pl.alert("A1", "predicted"),
        pl.alert("A2", "warned"),
        pl.alert("A3", "happened", entry_s=0.0),
    ]
    sign_on(plain, node, LOADED)
    plain.until(card("A3"))
    order = plain.run("[...document.querySelectorAll('#cards .card')].map(c=>c.dataset.need)")
    assert order[:2] == [f"alert:{pw.name_id('A3')}", f"alert:{pw.name_id('A2')}"]
    assert order.index(f"alert:{pw.name_id('A1')}") > order.index(f"conflict:{pw.name_id('C-0031')}")
    assert "are too near" in plain.run(f"{card('A3')}.textContent")
    assert "Too nearnow" in plain.run(f"{card('A3')}.textContent")
    stub.live["alerts"] = stub.live["alerts"][:1]
    plain.until(f"{card('A3')}.textContent.includes('Over at')")
    assert plain.run(f"!!{card('A1')}.querySelector('[data-k^=ack]')") is False
    assert plain.run("import('/app/livecards.js').then(m=>m.sounding())") is False
    button(plain, f"away-alert:{pw.name_id('A3')}")
    plain.until(f"!{card('A3')}")


@needs_browser
def test_a_hidden_zone_shows_minutes_alone(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """Of what is not shown the card says that something lies ahead and in how many minutes; a named plan has its name,
    and what comes towards one's own thing is told with its place."""
    stub.reset("live")
    blank = dict.fromkeys(("horizontal_m", "vertical_m", "closure_m_s", "theirs"))
    mine = f"HAS/{pw.name_id('HAS-0417').replace('-', '')}"
    stub.live["alerts"] = [
        pl.alert("A1", "warned", kind="protected", other="", entry_s=60.0, cpa_s=60.0, **blank),
        pl.alert("A4", "happened", kind="protected", other="", entry_s=0.0, cpa_s=0.0, **blank),
        pl.alert("A2", "warned", kind="operation", own=mine, other="MERO 7", mine=None, closure_m_s=None),
    ]
    sign_on(plain, node, LOADED)
    plain.until(card("A2"))
    words = plain.run(f"{card('A1')}.textContent")
    assert "something that is not shown to you" in words
    assert "in 1 min or more" in words
    assert "Too nearwithin a minute" in plain.run(f"{card('A4')}.textContent")
    words = plain.run(f"{card('A2')}.textContent")
    assert "MERO 7 comes towards HAS-0417, which is yours" in words
    assert "4\u202f500 ft pressure altitude" in words


@needs_browser
def test_one_meeting_is_one_card(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """The plans that the two of a pair fly into stand with the pair, each with its time, and one press signs for all;
    a protected place, or what comes towards one's plan from elsewhere, is a card of its own."""
    stub.reset("live")
    mine = f"HAS/{pw.name_id('HAS-0417').replace('-', '')}"
    blank = dict.fromkeys(("horizontal_m", "vertical_m", "closure_m_s", "theirs"))
    onto = {"kind": "operation", "own": mine, "mine": None, "closure_m_s": None}
    stub.live["alerts"] = [
        pl.alert("A1", "predicted", entry_s=140.0),
        pl.alert("A2", "warned", kind="operation", other="", entry_s=60.0, **blank),
        pl.alert("A3", "warned", other="MERO 7", entry_s=75.0, **onto),
        pl.alert("A4", "warned", other="MERO 8", **onto),
        pl.alert("A5", "warned", kind="protected", other="", entry_s=60.0, cpa_s=60.0, **blank),
    ]
    sign_on(plain, node, LOADED)
    plain.until(card("A1"))
    shown = plain.run("[...document.querySelectorAll('#cards [data-need^=alert]')].map(c=>c.dataset.need)")
    assert sorted(shown) == sorted(f"alert:{pw.name_id(name)}" for name in ("A1", "A4", "A5"))
    words = plain.run(f"{card('A1')}.textContent")
    for part in ("Alarm", "and MERO 7 come too near", "in 1 min or more", "MERO 7 comes towards HAS-0417", "1:"):
        assert part in words, (part, words)
    button(plain, f"ack-alert:{pw.name_id('A1')}")
    plain.until(f"!{card('A1')}.querySelector('[data-k^=ack]')")
    signed = [sent["command"].alert for sent in stub.commands]
    assert signed == [uuid.UUID(pw.name_id(name)).bytes for name in ("A2", "A3")]
    assert plain.complaints == []


@needs_browser
def test_doubt_is_said(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """An alert that physics speaks against says why, in both languages, and is an alert all the same."""
    stub.reset("live")
    stub.live["alerts"] = [pl.alert("A1", "warned", doubt="teleport, shared")]
    sign_on(plain, node, LOADED)
    plain.until(card("A1"))
    assert "it was elsewhere a moment ago, two places report one address." in plain.run(f"{card('A1')}.textContent")
    plain.run("document.querySelector('[data-v=\"de\"]').click()")
    plain.until(f"{card('A1')}.textContent.includes('zwei Orte melden eine Adresse')")


@needs_browser
def test_figures_run_without_a_button_moving(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """While the figures of an alert change, its buttons stay the very same, so that a press is never lost."""
    stub.reset("live")
    stub.live["alerts"] = [pl.alert("A1", "warned")]
    sign_on(plain, node, LOADED)
    plain.until(card("A1"))
    plain.run(f"void(globalThis.kept={card('A1')}.querySelector('.btn.go'))")
    stub.live["alerts"] = [pl.alert("A1", "warned", closure_m_s=80.0)]
    plain.until(f"{card('A1')}.textContent.includes('156 kt')")
    assert plain.run("kept.isConnected") is True


@needs_browser
def test_tracks_on_the_map(page: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """Own tracks have a course line and an age; a stale one neither moves on nor points anywhere; the other side shows
    only while its alert is open; ahead of now there are none."""
    stub.reset("live")
    sign_on(page, node, DRAWN)
    text = "document.querySelector('#marks').textContent"
    page.until(f"{text}.includes('HELP 41')")
    page.until(f"{text}.includes('stale')")
    count = "['.craft','.course','.craft.stale','.craft.theirs'].map(c=>document.querySelectorAll('#marks '+c).length)"
    assert page.run(count) == [2, 1, 1, 0]
    stub.live["alerts"] = [pl.alert("A1", "warned")]
    stub.events.append(pl.event(stub.live["alerts"][0]))
    page.until(f"{text}.includes('MERO 7')")
    assert page.run(count) == [3, 2, 1, 1]
    stub.live["alerts"] = [pl.passed("A1")]
    page.until(f"!{text}.includes('MERO 7')")
    page.key(".")
    page.until("!document.querySelector('#marks .craft')")
    page.key("0")
    page.until("document.querySelector('#marks .craft')")
    assert page.complaints == []


@needs_browser
def test_a_stale_track_stands_where_it_was_reported(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """The node carries a place on along its course; the page shows a stale one where it was reported, and one that is
    gone from the picture as gone, not as nothing."""
    stub.reset("live")
    stub.live["own"] = [pl.own("3c6444", "HELP 41", pl.place(-38.60, 42.29, age_s=20.0, track_deg=90.0))]
    sign_on(plain, node, LOADED)
    at = "import('/app/live.js').then(m=>m.own()[0]?.at)"
    plain.until(f"{at.replace('?.at', '')}")
    lon, lat = plain.run(at)
    # 20 s at 60 m/s along a parallel at 42.29 degrees: 1,200 m are 0.01455 degrees of longitude
    assert lon == pytest.approx(-38.61455, abs=1e-4)
    assert lat == pytest.approx(42.29, abs=1e-4)
    plain.until("document.querySelector('#track-rows').textContent.includes('stale')")
    stub.live["own"] = []
    plain.until("document.querySelector('#track-rows').textContent.includes('no report for')")


@needs_browser
def test_a_lost_link_marks_tracks(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """Without the stream nothing is asked, tracks and alerts say as of when they are, and feeds are not known."""
    stub.reset("live")
    stub.live["alerts"] = [pl.alert("A1", "warned")]
    sign_on(plain, node, LOADED)
    plain.until(card("A1"))
    plain.run("import('/app/state.js').then(m=>m.set({link:'lost'}))")
    stub.silent = True
    plain.until(f"{card('A1')}.textContent.includes('As of 06:')")
    plain.until("document.querySelector('#track-rows').textContent.includes('Live until')")
    plain.until(f"{FEEDS}==='feeds not known'")


@needs_browser
def test_feeds_in_the_status_bar(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """All up is quiet; one that is silent or down is a card by name and a figure in the bar; a callsign that several
    say is a card; a node without feeds has no live watch, says so, and is not asked again."""
    stub.reset("live")
    sign_on(plain, node, f"{FEEDS}==='2 feeds up'")
    stub.live["feeds"] = [pl.feed("roof", "DEGRADED"), pl.feed("hill", "DOWN", silent_s=None)]
    plain.until("document.querySelector('[data-need=\"feeds:all\"]')")
    words = plain.run("document.querySelector('[data-need=\"feeds:all\"]').textContent")
    assert "roof: DEGRADED" in words
    assert "hill: DOWN" in words
    assert plain.run(FEEDS) == "feeds: 0 of 2 up"
    stub.live |= {"feeds": [pl.feed("roof")], "unsure": ["HELP41"]}
    plain.until("!document.querySelector('[data-need=\"feeds:all\"]')")
    unsure = "document.querySelector('[data-need=\"unsure:all\"]')"
    plain.until(unsure)
    assert "HELP41" in plain.run(f"{unsure}.textContent")
    stub.reset("mock")
    sign_on(plain, node, f"{FEEDS}==='no live watch'")
    plain.run("new Promise(resolve=>setTimeout(resolve,4500))")
    assert stub.asked_watch <= 2


@needs_browser
def test_whose_aircraft_fly_a_plan(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """From the table a party says by what its own plan's aircraft are known, sees it, and takes it back; what no feed
    could spell is not sent, and another party's plan offers nothing."""
    stub.reset("live")
    sign_on(plain, node, LOADED)
    plan = f"aircraft:{pw.name_id('HAS-0417')}"
    button(plain, plan)
    plain.until("document.querySelector('#aircraft').open")
    assert plain.run("document.querySelectorAll('[data-k^=\"aircraft:\"]').length") == 1
    plain.key("Enter")
    plain.until("document.querySelector('#aircraft .problem').textContent.includes('Give an address')")
    plain.type("3c6444 3C6445, x%y")
    plain.key("Enter")
    plain.until("document.querySelector('#aircraft .problem').textContent.includes('x%y')")
    plain.run("document.querySelector('#aircraft-addresses').value='3c6444, 3C6445'")
    plain.run("document.querySelector('#aircraft-callsigns').value='HELP41'")
    plain.run("document.querySelector('#aircraft-say').click()")
    command = said(stub, plain)
    plan_id = uuid.UUID(pw.name_id("HAS-0417")).bytes
    assert command == SetAircraft(plan_id, 0)
    assert stub.parts[-1] == Aircraft(("3c6444", "3C6445"), ("HELP41",))
    plain.until("document.querySelector('#as-table').textContent.includes('3c6444, 3C6445, HELP41')")
    button(plain, plan)
    plain.until("document.querySelector('#aircraft-addresses')?.value==='3c6444 3C6445'")
    plain.run("document.querySelector('#aircraft-none').click()")
    assert said(stub, plain) == SetAircraft(plan_id, None)
    plain.until("!document.querySelector('#as-table').textContent.includes('HELP41')")
    assert plain.complaints == []


@needs_browser
def test_the_alerts_of_the_day(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """From help: what was warned of today, how near, how it stands and who took it up; without an answer it says so."""
    stub.reset("live")
    sign_on(plain, node, LOADED)
    plain.key("?")
    plain.until("document.querySelector('#help').open")
    plain.run("document.querySelector('#day-of-alerts').click()")
    plain.until("document.querySelector('#alert-day')?.open")
    rows = plain.run("[...document.querySelectorAll('#alert-day tbody tr')].map(r=>[...r.cells].map(c=>c.innerText))")
    pair, off_plan, entry = ([cell.replace("\n", " ") for cell in row] for row in rows)
    assert pair[0] == "05:50:02Z"
    assert pair[2] == "HAS-0417 · HELP 41"
    assert pair[3] == "05:51:30Z 0.8 NM (1.5 km) across, 200 ft (61 m) in height"
    assert pair[4:] == ["passed a track may not be what it reports", "by you, by the other"]
    assert off_plan[1:] == ["an aircraft off its plan", "HAS-0417", "", "still off", "no"]
    assert entry[1] == "an aircraft and a plan Civil Aviation Cell"
    plain.run("document.querySelector('#alert-day .btn').click()")
    stub.silent = True
    plain.run("import('/app/alertday.js').then(m=>m.show())")
    plain.until("document.querySelector('#alert-day .problem')?.textContent.includes('does not answer')")


@needs_browser
def test_a_signed_alert_asks_no_more(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """Once signed for, also while the command waits for the link, an alert neither sounds nor asks again."""
    stub.reset("live")
    stub.live["alerts"] = [pl.alert("A1", "happened", entry_s=0.0)]
    sign_on(plain, node, LOADED)
    plain.until(card("A1"))
    stub.silent = True
    button(plain, f"ack-alert:{pw.name_id('A1')}")
    plain.until("!document.querySelector('#outbox').hidden")
    plain.until(f"!{card('A1')}.querySelector('[data-k^=ack]')")
    assert plain.run("import('/app/livecards.js').then(m=>m.sounding())") is False
    stub.silent = False
    assert said(stub, plain) == AcknowledgeAlert(uuid.UUID(pw.name_id("A1")).bytes)
    plain.until(f"{card('A1')}.textContent.includes('You acknowledged at')")
    assert plain.run(f"{card('A1')}.classList.contains('k')") is True


@needs_browser
def test_a_watch_that_stands_says_so(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """Where the node answers and sweeps no more, its tracks grow old, and a card and the bar say since when."""
    stub.reset("live")
    stub.stands = True
    sign_on(plain, node, f"{FEEDS}==='2 feeds up'")
    plain.until(f"{FEEDS}==='live watch stands at 06:12:40Z'")
    plain.until("document.querySelector('[data-need=\"feeds:all\"]').textContent.includes('stands at 06:12:40Z')")
    plain.until("document.querySelector('#track-rows').textContent.includes('stale, 12 s old')")
    stub.stands = False
    plain.until(f"{FEEDS}==='2 feeds up' && !document.querySelector('[data-need=\"feeds:all\"]')")
