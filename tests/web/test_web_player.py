"""The player of encounters in a real browser: a file of this machine, played; a hostile one, refused.

Skipped, with the reason on screen, where no Chromium is installed (Debian: apt-get install chromium).
"""

import json
from pathlib import Path
from typing import Any

import page_browser
import page_stub
import pytest
from page_browser import Page
from page_steps import sign_on

import wideberth
from wideberth.encounter.rebuild import COLUMNS

WEB = Path(wideberth.__file__).parent / "web"
pytestmark = pytest.mark.skipif(page_browser.find() is None, reason="no Chromium here: apt-get install chromium")
START_S = 1_790_000_000.0


def made(**changes: Any) -> dict[str, Any]:
    """An animation of two that cross within 40 s, as `wideberth encounter` writes it."""
    frames = []
    for second in range(81):
        across, above = abs(second - 40) * 300.0 + 500.0, 400.0 + second
        one, two = (
            [48.0, 10.0 + (second - 40) * 0.002, 10_000.0],
            [48.005, 10.0 - (second - 40) * 0.002, 10_000.0 + above],
        )
        frames.append(
            [START_S + second, *one, *two, across, above, None if second == 0 else 300.0 if second < 41 else -300.0]
        )
    head = {"version": 1, "id": "e1", "names": ["AFR12", "<img src=x onerror=alert(1)>"], "class": "B"}
    rest = {"minima": {"horizontal_m": 9260.0, "vertical_ft": 1000}, "inside": [START_S + 10, START_S + 70]}
    tail = {"nearest": START_S + 40.2, "evidence_sha256": "0" * 64, "columns": COLUMNS, "frames": frames}
    return {**head, **rest, **tail, **changes}


def opened(page: Page, node: page_stub.Running) -> None:
    """The player is reached from the help, and loaded then."""
    sign_on(page, node)
    page.run("document.querySelector('#help-button').click()")
    page.until("document.querySelector('#play-encounter')")
    page.run("document.querySelector('#play-encounter').click()")
    page.until("document.querySelector('#player')?.open")


def given(page: Page, text: str, name: str = "animation.json") -> None:
    """A file is chosen."""
    page.run(
        f"(()=>{{const d=new DataTransfer();d.items.add(new File([{json.dumps(text)}],{json.dumps(name)}));"
        "const i=document.querySelector('#player-file');i.files=d.files;i.dispatchEvent(new Event('change'))})()"
    )


def figures(page: Page) -> str:
    """What is read off."""
    found: str = page.run("document.querySelector('#player .read')?.innerText.replace(/\\s+/g,' ')")
    return found


def test_an_encounter_is_played(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """It opens a minute before both are too near, jumps to the nearest moment, steps, plays to the end and stops;
    the slider moves by keys; names stay text; nothing of the file leaves the machine."""
    opened(plain, node)
    given(plain, json.dumps(made()))
    plain.until("document.querySelector('#player .above')")
    plain.run("document.querySelector('#player-nearest').click()")
    said = figures(plain)
    for part in ("Z", "0.27 NM (500 m)", "440 ft (134 m)", "300 m/s"):
        assert part in said, said
    assert plain.run("document.querySelectorAll('#player .name')[1].textContent") == "<img src=x onerror=alert(1)>"
    assert plain.run("document.querySelector('#player img')") is None
    plain.run("document.querySelector('#player-ahead').click()")
    assert "441 ft" in figures(plain)
    plain.run("document.querySelector('#player-at').focus()")
    plain.key("End", "End")
    plain.until("document.querySelector('#player-at').value==='80'")
    assert "480 ft" in figures(plain)
    plain.run("document.querySelector('#player-speed').value='60';document.querySelector('#player-play').click()")
    plain.until(
        "document.querySelector('#player-at').value==='80'&&document.querySelector('#player-play').textContent==='Play'"
    )
    plain.run("document.querySelector('#player-close').click()")
    assert plain.run("document.querySelector('#player').open") is False
    assert stub.commands == []
    assert plain.complaints == []


def test_it_opens_where_both_are_known(plain: Page, node: page_stub.Running) -> None:
    """The second appears 7 s after the first: the player opens there, and not on a picture of nothing."""
    whole = made()
    for row in whole["frames"][:7]:
        row[4:] = [None] * 6
    opened(plain, node)
    given(plain, json.dumps(whole))
    plain.until("document.querySelector('#player .above')")
    assert plain.run("document.querySelector('#player-at').value") == "7"
    assert "not known" not in figures(plain)


def test_nothing_of_a_file_can_leave() -> None:
    """The player has no way to send."""
    source = (WEB / "app/player.js").read_text("utf-8")
    assert [
        way for way in ("fetch(", "XMLHttpRequest", "sendBeacon", "WebSocket", "localStorage") if way in source
    ] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{" * 5_000,
        json.dumps(made(version=2)),
        json.dumps(made(names=["a" * 81, "b"])),
        json.dumps(made(names=[{"toString": 1}, "b"])),
        json.dumps(made(frames=[])),
        json.dumps(made(frames=[made()["frames"][0]] * 2)),
        json.dumps(made(frames=[[*row[:1], 91.0, *row[2:]] for row in made()["frames"]])),
        json.dumps(made(frames=[[*row[:1], "48", *row[2:]] for row in made()["frames"]])),
        json.dumps(made(frames=[[*row[:1], None, None, None, *row[4:]] for row in made()["frames"]])),
        json.dumps(made(minima={"horizontal_m": 0, "vertical_ft": 1000})),
        json.dumps(made(columns=list(reversed(COLUMNS)))),
    ],
)
def test_what_is_no_encounter_is_refused(plain: Page, node: page_stub.Running, text: str) -> None:
    """One sentence, nothing drawn, no complaint of the browser; a right file afterwards is played."""
    opened(plain, node)
    given(plain, text, "<b>odd</b>.json")
    plain.until("!document.querySelector('#player .problem').hidden")
    assert "<b>odd</b>.json is no animation" in plain.run("document.querySelector('#player .problem').textContent")
    assert plain.run("document.querySelector('#player .stage')") is None
    given(plain, json.dumps(made()))
    plain.until("document.querySelector('#player .stage')")
    assert plain.run("document.querySelector('#player .problem').hidden") is True
    assert plain.complaints == []


def test_with_reduced_motion_it_is_stepped(plain: Page, node: page_stub.Running) -> None:
    """Whoever wants no motion gets steps and the slider, and no player that runs."""
    plain.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
    opened(plain, node)
    given(plain, json.dumps(made()))
    plain.until("document.querySelector('#player .stage')")
    assert plain.run("document.querySelector('#player-play').checkVisibility()") is False
    before = figures(plain)
    plain.run("document.querySelector('#player-ahead').click()")
    assert figures(plain) != before
