"""STOP and the Messages room in a real browser: what cannot be missed, what is signed, what is checked while typing.

Skipped, with the reason on screen, where no Chromium is installed (Debian: apt-get install chromium).
"""

import json

import page_browser
import page_hotline as ph
import page_stub
import page_world as pw
import pytest
from page_browser import Page
from page_steps import button, middle, said, sign_on

from wideberth.party.command import Volumes
from wideberth.party.hotline import (
    Acknowledge,
    AnswerCheck,
    AnswerKind,
    AnswerMessage,
    MessageKind,
    Precedence,
    Reject,
    Send,
    Stop,
    TakeOver,
)
from wideberth.space.volume import Volume4D
from wideberth.words import readback, show
from wideberth.words.check import groups, with_check
from wideberth.words.check import plain as plain_text

pytestmark = pytest.mark.skipif(page_browser.find() is None, reason="no Chromium here: apt-get install chromium")
ALARM = "!document.querySelector('#alarm').hidden"


def raw(name: str) -> bytes:
    """An id of the small world."""
    return pw.uuid.UUID(pw.name_id(name)).bytes


NOTICE = 'event: notice\ndata: {"number":13,"items":[]}\n\n'


def test_a_stop_stands_over_everything_until_it_is_acknowledged(
    plain: Page, node: page_stub.Running, stub: page_stub.Stub
) -> None:
    """It shows before it is an entry, once, over an open dialog too, until a signed command acknowledges it; then a
    band stays in every room until it is taken back."""
    sign_on(plain, node)
    plain.run("document.querySelector('#stop-button').click()")
    plain.until("document.querySelector('#stop').open")
    stub.events += [ph.stop_event("S1"), ph.stop_event("S1")]
    plain.until(ALARM)
    assert plain.run("[document.querySelector('#stop').open, document.querySelectorAll('#alarm article').length]") == [
        False,
        1,
    ]
    words = plain.run("document.querySelector('#alarm').textContent")
    assert "EXERCISE" in words
    assert "Taldan Air Force says STOP, 06:12:50Z (03:12:50 local)" in words
    assert "Our people are there." in words
    assert "not translated" in words
    assert "STOP from Taldan Air Force" in plain.run("document.querySelector('#shout').textContent")
    plain.until("document.title.startsWith('STOP')")
    stub.hotline["messages"] = [ph.stop_entry("S1")]
    stub.events.append(NOTICE)
    key = f"TAF/{pw.name_id('S1')}"
    button(plain, f"ack:{key}:")
    command = said(stub, plain)
    assert isinstance(command, Acknowledge)
    assert (command.subject.sender, command.subject.message, command.cell) == ("TAF", raw("S1"), "")
    plain.until("document.querySelector('#alarm').hidden && !document.querySelector('#bands').hidden")
    for room in ("2", "3", "1"):
        plain.key(room)
        assert "Taldan Air Force, in force since" in plain.run("document.querySelector('#bands').textContent")
    stub.hotline["messages"] = []
    stub.events.append(NOTICE)
    plain.until("document.querySelector('#bands').hidden")
    assert plain.complaints == []


def test_nothing_that_arrives_takes_a_button_from_under_a_finger(
    plain: Page, node: page_stub.Running, stub: page_stub.Stub
) -> None:
    """The alarm changes between press and release: the press counts, and the change shows right after it."""
    stub.hotline["messages"] = [ph.stop_entry("S1")]
    sign_on(plain, node)
    place = middle(plain, f"ack:TAF/{pw.name_id('S1')}:")
    plain.press(*place)
    stub.events += [ph.stop_event("S2", envelope="another")]
    plain.until("document.querySelector('#shout').textContent.split('STOP from').length === 3")
    assert plain.run("document.querySelectorAll('#alarm article').length") == 1
    plain.release(*place)
    assert isinstance(said(stub, plain), Acknowledge)
    plain.until(f"document.querySelector('[data-k^=\"silence:TAF/{pw.name_id('S2')}\"]')")


def test_a_button_that_is_held_keeps_nothing_back_for_long(
    plain: Page, node: page_stub.Running, stub: page_stub.Stub
) -> None:
    """A finger that stays on a button holds back what arrives for a second, not a STOP for ever."""
    stub.hotline["messages"] = [ph.stop_entry("S1")]
    sign_on(plain, node)
    plain.press(*middle(plain, f"ack:TAF/{pw.name_id('S1')}:"))
    stub.events += [ph.stop_event("S2", envelope="another")]
    plain.until("document.querySelectorAll('#alarm article').length === 2", 5)


def test_a_drill_takes_no_stop_from_whoever_is_saying_one(
    plain: Page, node: page_stub.Running, stub: page_stub.Stub
) -> None:
    """A drill comes while somebody is about to say STOP: it shows, and the question stays open under the finger."""
    sign_on(plain, node)
    plain.run("document.querySelector('#stop-button').click()")
    plain.until("document.querySelector('#stop').open")
    stub.events.append(ph.stop_event("D1", drill=True))
    plain.until(ALARM)
    assert plain.run("document.querySelector('#stop').open") is True


def test_a_stop_on_a_phone_is_read_and_acknowledged_at_once(
    plain: Page, node: page_stub.Running, stub: page_stub.Stub
) -> None:
    """At 390 px its words have the whole width, and the button to acknowledge is wholly on screen without scrolling."""
    plain.size(390, 844)
    sign_on(plain, node)
    stub.hotline["messages"] = [ph.stop_entry("S1")]
    stub.events.append(NOTICE)
    plain.until(f"{ALARM} && document.querySelector('#alarm .btn.go')")
    wide = "document.querySelector('#alarm .what').getBoundingClientRect().width"
    assert plain.run(wide) > 300
    edges = plain.run(
        "[document.querySelector('#alarm .btn.go'), document.querySelector('#alarm')]"
        ".map(e => e.getBoundingClientRect().bottom)"
    )
    assert edges[0] <= edges[1]


def test_a_stop_said_again_stands_there_again(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """Other signed bytes under the same id are a repeat: one alarm, which comes back also after it was acknowledged."""
    stub.hotline["messages"] = [ph.stop_entry("S1")]
    sign_on(plain, node)
    button(plain, f"ack:TAF/{pw.name_id('S1')}:")
    said(stub, plain)
    plain.until("document.querySelector('#alarm').hidden")
    stub.events.append(ph.stop_event("S1", envelope="again"))
    plain.until(ALARM)
    assert plain.run("document.querySelectorAll('#alarm article').length") == 1
    stub.events.append(ph.stop_event("S1", envelope="and again"))
    plain.until("document.querySelector('#alarm').textContent.includes('Said 2 times')")


def test_a_stop_that_is_taken_back_says_so_and_goes_by_hand(
    plain: Page, node: page_stub.Running, stub: page_stub.Stub
) -> None:
    """What nobody here acknowledged stays after it is over, says so, and is put away by somebody."""
    stub.hotline["messages"] = [ph.stop_entry("S1")]
    sign_on(plain, node)
    plain.until(ALARM)
    stub.hotline["messages"] = []
    stub.events.append(NOTICE)
    plain.until("document.querySelector('#alarm').textContent.includes('Taken back')")
    button(plain, f"away:TAF/{pw.name_id('S1')}")
    plain.until("document.querySelector('#alarm').hidden")


def test_stop_needs_no_free_hand_of_the_page(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """While something else is being sent, STOP leaves all the same; with the link away it is kept before all else."""
    sign_on(plain, node)
    plain.run("import('/app/state.js').then(m=>{m.world.sending=true})")
    stub.silent = True
    plain.run("import('/app/actions.js').then(m=>m.stop('Now.',false))")
    plain.until("import('/app/state.js').then(m=>m.world.outbox.length===1)")
    stub.silent = False
    command = said(stub, plain)
    assert isinstance(command, Stop)


def test_holding_says_it_and_a_slip_only_asks(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """F8 held says STOP in one action; pressed and released it asks."""
    sign_on(plain, node)
    plain.call("Input.dispatchKeyEvent", type="keyDown", key="F8", code="F8", windowsVirtualKeyCode=119)
    plain.call("Input.dispatchKeyEvent", type="keyUp", key="F8", code="F8", windowsVirtualKeyCode=119)
    plain.until("document.querySelector('#stop').open")
    assert stub.commands == []
    plain.run("document.querySelector('#stop').close()")
    plain.call("Input.dispatchKeyEvent", type="keyDown", key="F8", code="F8", windowsVirtualKeyCode=119)
    command = said(stub, plain)
    plain.call("Input.dispatchKeyEvent", type="keyUp", key="F8", code="F8", windowsVirtualKeyCode=119)
    assert isinstance(command, Stop)
    assert not command.drill


def test_text_shows_as_in_the_terminal(plain: Page, node: page_stub.Running) -> None:
    """What hides, turns the line around or poses as another letter is escaped as the house escapes it elsewhere."""
    texts = [
        *(
            "plain words, 12.5 km",
            "a\u202eb",
            "zero\u200bwidth",
            "p\u0430ypal",
            "back\\slash",
            "line\nbreak",
            "tab\there",
        ),
        *("\u0441\u043b\u043e\u0432\u043e", "bell\x07", "1O5 and 2l3", "\u043d\u0430 \u0441\u0435\u0432\u0435\u0440"),
        *(
            "STOP \u0410\u0412\u0421",
            "x\u0301\u0301\u0301\u0301\u0301",
            "wide\u2003space",
            "\uff21\uff22",
            "\U0001d400bold",
        ),
        *("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "caf\u00e9", "\u03b1lpha", "soft\u00adhyphen"),
    ]
    sign_on(plain, node)
    found = plain.run(f"import('/app/shown.js').then(m=>{json.dumps(texts)}.map(m.shown))")
    assert found == [show.shown(text) for text in texts]


def test_a_stop_that_is_owed_stands_there_after_a_reload(
    plain: Page, node: page_stub.Running, stub: page_stub.Stub
) -> None:
    """Who comes to the page later sees what its cells still owe; a drill says so and sounds nothing."""
    stub.hotline["messages"] = [ph.stop_entry("S2", drill=True, off_watch=True)]
    sign_on(plain, node)
    plain.until(ALARM)
    words = plain.run("document.querySelector('#alarm').textContent")
    assert words.startswith("DRILL: STOP")
    assert "not on watch" in words
    assert plain.run("document.documentElement.dataset.alarm") == ""


def test_stop_is_said_in_two_steps(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """The button asks, Enter says it to everybody; a slip alone says nothing."""
    sign_on(plain, node)
    plain.run("document.querySelector('#stop-button').click()")
    plain.until("document.querySelector('#stop').open && document.activeElement.id==='stop-say'")
    assert stub.commands == []
    plain.key("Enter")
    command = said(stub, plain)
    assert isinstance(command, Stop)
    assert (command.phrase, command.text, command.drill) == ("stop", None, False)


def test_the_room_reads_back(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """While typing, a slip is named with its field and character; a whole item of another place too; all of it is sent
    as it was typed, and nothing is filled in by the page."""
    stub.reset("hotline")
    sign_on(plain, node)
    plain.until("document.querySelectorAll('#cards .card').length>1")
    plain.key("2")
    button(plain, f"msg:TAF/{pw.name_id('N1')}")
    k = f"echo:{pw.name_id('N1')}::1"
    plain.until(f"document.querySelector('[data-k=\"{k}:position\"]')")
    assert plain.run("[...document.querySelectorAll('.echo input')].map(e=>e.value).join('')") == ""
    field = f"document.querySelector('[data-k=\"{k}:position\"]')"

    def fill(name: str, value: str) -> None:
        plain.run(f"document.querySelector('[data-k=\"{k}:{name}\"]').focus()")
        plain.run("document.activeElement.select()")
        plain.type(value)

    slip = ph.RIGHT[0][:3] + "9" + ph.RIGHT[0][4:]
    fill("position", slip)
    plain.until(f"{field}.getAttribute('aria-invalid')==='true'")
    assert "check characters do not fit, first at character 4" in plain.run(f"{field}.parentNode.textContent")
    fill("position", with_check("421044N0384306W"))
    plain.until(f"{field}.parentNode.textContent.includes('differs from what was sent')")
    for name, right in zip(readback.ReadBack.__struct_fields__, ph.RIGHT, strict=True):
        if right:
            fill(name, f" {right[:3]} {right[3:].lower()}")
    assert plain.run("document.querySelectorAll('.echo [aria-invalid]').length") == 0
    button(plain, f"{k}:send")
    command = said(stub, plain)
    assert isinstance(command, Acknowledge)
    assert [plain_text(item) for item in command.echo] == list(ph.RIGHT)
    plain.until("document.querySelector('.mone .steps li[aria-current]').textContent==='read back'")
    assert plain.complaints == []


def test_a_late_text_shows_what_contradicts_it(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """Beside a late notice stands what its text says otherwise than its geometry, when to be clear, and that it is no
    request; a new version says what changed."""
    stub.reset("hotline")
    sign_on(plain, node)
    plain.key("2")
    button(plain, f"msg:TAF/{pw.name_id('N1')}")
    plain.until("document.querySelector('.mone').textContent.includes('Text says north, geometry says')")
    words = plain.run("document.querySelector('.mone').textContent")
    assert "LATE. Be clear by 07:00Z." in words
    assert "This is not a request." in words
    stub.hotline["messages"][0] |= {"version": 2, "text": "Survey south of Dorun."}
    stub.events.append(NOTICE)
    plain.until("document.querySelector('.mone').textContent.includes('This is version 2. Acknowledge again.')")
    assert "Changed: text." in plain.run("document.querySelector('.mone').textContent")
    assert plain.run("document.querySelector('.mone del').textContent") == "Survey near Dorun."


def test_the_room_is_never_silently_stale(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """With the link lost the room says so, and of when it is."""
    stub.reset("hotline")
    sign_on(plain, node)
    plain.key("2")
    stub.silent = True
    plain.run("{const real=performance.now.bind(performance);performance.now=()=>real()+16000}")
    plain.until("!document.querySelector('#lostband').hidden")
    assert "Link lost. You see 06:1" in plain.run("document.querySelector('#lostband').textContent")


def test_a_circle_is_typed(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """A typed circle travels as whole nanodegrees, millimetres and microseconds; without figures nothing is sent."""
    stub.reset("hotline")
    sign_on(plain, node)
    plain.key("2")
    button(plain, "new:notice")
    button(plain, "to:TAF")
    choose = "(()=>{const e=document.querySelector('[data-k=\"compose:geometry\"]');e.value='circle';"
    plain.run(choose + "e.dispatchEvent(new Event('change'))})()")
    plain.until("document.querySelector('[data-k=\"compose:lat\"]')")
    button(plain, "compose:send")
    plain.until("document.querySelector('#msgs .problem')")
    assert stub.commands == []
    given = {"lat": "42.2621", "lon": "-38.7182", "radius": "5000", "lower": "0", "upper": "900.5"}
    given |= {"from": "2026-11-22T06:20", "until": "2026-11-22T07:20"}
    for name, value in given.items():
        plain.run(
            f"(()=>{{const e=document.querySelector('[data-k=\"compose:{name}\"]');e.value='{value}';"
            "e.dispatchEvent(new Event('input'));e.dispatchEvent(new Event('change'))})()"
        )
    plain.until("document.querySelector('.mone svg.mini')")
    button(plain, "compose:send")
    for _ in range(100):
        if stub.parts:
            break
        plain.run("new Promise(resolve=>setTimeout(resolve,25))")
    command = said(stub, plain)
    assert isinstance(command, Send)
    assert (command.text, command.volumes, command.phrase) == (None, 0, "notice")
    assert stub.parts[-1] == Volumes((Volume4D(ph.PLACE, 0, 900_500, *ph.HOURS_US),))


def test_the_page_checks_what_the_house_checks(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """Every wrong character of a read-back item is found by the page as well."""
    sign_on(plain, node)
    word = ph.RIGHT[1]
    wrong = [word[:i] + c + word[i + 1 :] for i in range(len(word)) for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    wrong = [w for w in wrong if w != word]
    found = plain.run(
        f"import('/app/echo.js').then(m=>[m.checkHolds('{word}'), {wrong!r}.filter(m.checkHolds).length])"
    )
    assert found == [True, 0]


def test_items_are_grouped_as_they_are_read_aloud(plain: Page, node: page_stub.Running) -> None:
    """The page parts letters, digits and check characters as the spoken form does."""
    texts = [*filter(None, ph.RIGHT), *(with_check("1" * n) for n in range(1, 20)), with_check("A00450A03050")]
    sign_on(plain, node)
    found = plain.run(f"import('/app/echo.js').then(m=>{json.dumps(texts)}.map(m.groups))")
    assert found == [groups(text) for text in texts]


def test_answer_give_back_and_line(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """What is answered or given back is signed with its words; a line check is answered; hidden marks show."""
    stub.reset("hotline")
    sign_on(plain, node)
    plain.key("2")
    button(plain, f"msg:MAF/{pw.name_id('Q1')}")
    plain.until("document.querySelector('.mone blockquote')")
    assert "\\u202e" in plain.run("document.querySelector('.mone blockquote').textContent")
    assert "not translated, de" in plain.run("document.querySelector('.mone blockquote').textContent")
    k = f"answer:{pw.name_id('Q1')}:"
    button(plain, k)
    plain.until(f"document.querySelector('[data-k=\"{k}:kind\"]')")
    plain.run(
        f"(()=>{{const e=document.querySelector('[data-k=\"{k}:kind\"]');e.value='not-ours';"
        "e.dispatchEvent(new Event('change'))})()"
    )
    button(plain, f"{k}:send")
    command = said(stub, plain)
    assert isinstance(command, AnswerMessage)
    assert command.answer is AnswerKind.NOT_OURS
    plain.until("document.querySelector('.mone .steps li[aria-current]')?.textContent==='received'")
    k = f"reject:{pw.name_id('Q1')}:"
    button(plain, k)
    plain.until(f"document.activeElement.dataset.k==='{k}:words'")
    plain.type("It breaks off.")
    button(plain, f"{k}:send")
    assert isinstance(said(stub, plain), Reject)
    button(plain, f"answer-check:{pw.name_id('check')}")
    command = said(stub, plain)
    assert isinstance(command, AnswerCheck)
    assert command.sender == "CAA"


def test_a_notice_is_written(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """To chosen parties, with a plan's geometry and words; without anybody to go to it is not sent."""
    stub.reset("hotline")
    sign_on(plain, node)
    plain.key("2")
    button(plain, "new:notice")
    plain.until("document.activeElement.dataset.k==='compose:text'")
    plain.type("Relief flight at half past six.")
    button(plain, "compose:send")
    plain.until("document.querySelector('#msgs .problem')")
    assert stub.commands == []
    button(plain, "to:TAF")
    plan = pw.name_id("HAS-0417")
    plain.run(
        "(()=>{const e=document.querySelector('[data-k=\"compose:geometry\"]');e.value='plan';"
        "e.dispatchEvent(new Event('change'))})()"
    )
    plain.until("document.querySelector('[data-k=\"compose:plan\"]')")
    plain.run(
        "(()=>{const e=document.querySelector('[data-k=\"compose:plan\"]');"
        f"e.value='{plan}';e.dispatchEvent(new Event('change'))}})()"
    )
    button(plain, "compose:send")
    command = said(stub, plain)
    assert isinstance(command, Send)
    assert (command.kind, command.precedence, command.to) == (MessageKind.NOTICE, Precedence.PRIORITY, ("TAF",))
    assert (command.operation, command.text) == (pw.uuid.UUID(plan).bytes, 0)


def test_a_watch_is_taken_by_signing_each_item(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """Only when each open item is ticked is the watch signed for, item by item."""
    stub.reset("hotline")
    sign_on(plain, node)
    plain.key("2")
    button(plain, "watch:")
    items = stub.hotline["cells"][0]["items"]
    button(plain, f"watch::{items[0]}")
    button(plain, "watch::send")
    assert stub.commands == []
    button(plain, f"watch::{items[1]}")
    plain.until("document.querySelector('[data-k=\"watch::send\"]').getAttribute('aria-disabled')==='false'")
    button(plain, "watch::send")
    command = said(stub, plain)
    assert isinstance(command, TakeOver)
    assert set(command.items) == {pw.uuid.UUID(item).bytes for item in items}
