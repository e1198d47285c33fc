"""How the page looks, in figures: contrast, targets, names, reflow, nodes, words that promise nothing, bytes.

Skipped, with the reason on screen, where no Chromium is installed (Debian: apt-get install chromium).
"""

import gzip
import json
import math
import os
from pathlib import Path

import page_browser
import page_hotline as ph
import page_live as pl
import page_stub
import pytest
from page_browser import Page
from page_steps import button, said, sign_on
from shapely.geometry import Point, shape

import wideberth

WEB = Path(wideberth.__file__).parent / "web"
PALETTES = ["day", "dusk", "night"]
LOOKS = [(palette, language) for palette in PALETTES for language in ("en", "de")]
SIZES = [(1366, 625), (900, 1180), (640, 512), (1180, 820), (1920, 1080), (820, 1180), (390, 844)]
LONG = bool(os.environ.get("WIDEBERTH_LONG"))
needs_browser = pytest.mark.skipif(page_browser.find() is None, reason="no Chromium here: apt-get install chromium")

LOOK = (Path(__file__).parent / "page_look.js").read_text(encoding="utf-8").split("\n", 1)[1]


def check_look(page: Page, where: str) -> None:
    found = page.run(LOOK)
    text = found.pop("text").lower()
    assert [word for word in ("clear to", "all clear", "safe", "sicher", "freigegeben") if word in text] == [], where
    assert found.pop("nodes") <= 1500, where
    assert found.pop("wide") <= 0, where
    assert found == {"contrast": [], "small": [], "nameless": [], "keys": [], "cut": []}, where


@needs_browser
@pytest.mark.parametrize(("palette", "language"), LOOKS if LONG else [LOOKS[0], LOOKS[5]])
def test_every_palette_and_language(
    page: Page, node: page_stub.Running, stub: page_stub.Stub, palette: str, language: str
) -> None:
    """In each palette and language: text at 4.5 to 1 or better, targets of 24 px, names for all controls, at most 1,500
    nodes in a full theatre, no untranslated key, no word that promises anything, no complaint."""
    stub.reset("busy")
    sign_on(page, node)
    for choice in (palette, language):
        page.run(f"document.querySelector('[data-v=\"{choice}\"]').click()")
    page.until(f"document.documentElement.lang==='{language}'")
    page.until(f"document.querySelector('[data-v=\"{language}\"]').ariaPressed==='true'")
    check_look(page, "watch")
    page.key("t")
    page.until("document.querySelector('#as-table tbody tr')")
    check_look(page, "table")
    page.key("3")
    page.until("document.querySelector('#conf .opt input')")
    check_look(page, "conflict")
    page.key("?", text="?")
    check_look(page, "help")
    assert page.complaints == []


@needs_browser
@pytest.mark.parametrize(("palette", "language"), LOOKS if LONG else [LOOKS[1], LOOKS[4]])
def test_stop_and_the_messages_room(
    plain: Page, node: page_stub.Running, stub: page_stub.Stub, palette: str, language: str
) -> None:
    """The same holds for a STOP in every room, its band, the room with a message open, and the form of a notice; what a
    message is marked with stands in its own line."""
    stub.reset("hotline")
    stub.hotline["messages"] += [ph.stop_entry("S1", off_watch=True), ph.stop_entry("S2", owed=[])]
    sign_on(plain, node)
    for choice in (palette, language):
        plain.run(f"document.querySelector('[data-v=\"{choice}\"]').click()")
    plain.until(f"document.documentElement.lang==='{language}'")
    plain.until("!document.querySelector('#alarm').hidden && !document.querySelector('#bands').hidden")
    check_look(plain, "alarm")
    plain.run("document.querySelector('#alarm .btn.go').click()")
    plain.until("document.querySelector('#alarm').hidden")
    plain.key("2")
    plain.run("document.querySelector('.msg.immediate').click()")
    plain.until("document.querySelector('.echo input')")
    check_look(plain, "message")
    inside = "(e=>{const a=e.getBoundingClientRect(),b=e.closest('.msg').getBoundingClientRect();"
    inside += "return a.top>=b.top&&a.bottom<=b.bottom&&a.left>=b.left})"
    assert plain.run(f"[...document.querySelectorAll('.msg .tag')].every({inside})") is True
    plain.run("document.querySelector('[data-k=\"new:notice\"]').click()")
    plain.until("document.querySelector('.mone fieldset')")
    check_look(plain, "compose")
    assert plain.complaints == []


@needs_browser
@pytest.mark.parametrize(("palette", "language"), LOOKS if LONG else [LOOKS[0], LOOKS[5]])
def test_the_live_watch(
    plain: Page, node: page_stub.Running, stub: page_stub.Stub, palette: str, language: str
) -> None:
    """The same holds for alarms, predictions, doubts and feeds that fail, for tracks in the table, and for the form
    that says whose aircraft fly a plan."""
    stub.reset("live")
    stub.live["feeds"] = [pl.feed("roof", "DEGRADED"), pl.feed("hill", "DOWN")]
    stub.live["alerts"] = [
        pl.alert("A1", "happened", doubt="shared"),
        pl.alert("A2", "warned", acknowledged_us=1),
        pl.alert("A3", "predicted"),
    ]
    sign_on(plain, node, "document.querySelector('#feeds')")
    for choice in (palette, language):
        plain.run(f"document.querySelector('[data-v=\"{choice}\"]').click()")
    plain.until(f"document.documentElement.lang==='{language}'")
    plain.until("document.querySelectorAll('#cards .card').length>4 && document.querySelector('#track-rows tr')")
    check_look(plain, "alerts")
    plain.run("document.querySelector('[data-k^=\"aircraft:\"]').click()")
    plain.until("document.querySelector('#aircraft').open")
    check_look(plain, "aircraft")
    assert plain.complaints == []


@needs_browser
@pytest.mark.parametrize("size", SIZES if LONG else SIZES[:3])
def test_reflow(plain: Page, node: page_stub.Running, stub: page_stub.Stub, size: tuple[int, int]) -> None:
    """From a wall to a tablet, and at 200 % zoom, nothing is cut at the side, and every action is reachable."""
    stub.reset("busy")
    plain.size(*size)
    sign_on(plain, node)
    plain.run("document.querySelector('[data-v=\"dusk\"]').click()")
    check_look(plain, f"watch at {size}")
    plain.run("document.querySelector('[data-v=\"conflict\"]').click()")
    plain.until("document.querySelector('#conf .opt input')")
    check_look(plain, f"conflict at {size}")
    button(plain, "act-main")
    said(stub, plain)


def test_text_on_the_map_reads_in_every_palette() -> None:
    """Names on the map and in drawings reach 4.5 to 1 on land, from the tokens themselves."""
    tokens = (WEB / "css/tokens.css").read_text()
    for palette in PALETTES:
        line = next(row for row in tokens.splitlines() if row.startswith(f'[data-palette="{palette}"]{{--hill'))
        colours = dict(part.split(":", 1) for part in line.split("{")[1].rstrip("}").split(";"))
        for ink, ground in (
            ("--ink", "--land"),
            ("--ink2", "--land"),
            ("--stale", "--land"),
            ("--amberInk", "--amber"),
        ):
            assert ratio(colours[ink], colours[ground]) >= 4.5, (palette, ink)
        for mark in ("--other", "--own", "--amberLine", "--caut", "--border"):
            assert ratio(colours[mark], colours["--land"]) >= 3, (palette, mark)


def ratio(first: str, second: str) -> float:
    """Contrast of two hex colours (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        parts = [int(colour.strip().lstrip("#")[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_sizes_stay_in_the_budget() -> None:
    """Compressed: the shell in 65.5 KB, the map library with its worker and what drives it in 450, the type in 260."""
    of_the_map = [WEB / "app/map.js", WEB / "app/marks.js"]
    later = {
        "map.js",
        "marks.js",
        "about.js",
        "compose.js",
        "conflict.js",
        "drawings.js",
        "echo.js",
        "messages.js",
        "table.js",
        "signon.js",
        "aircraft.js",
        "live.js",
        "livecards.js",
        "tracks.js",
        "player.js",
        "alertday.js",
    }
    shell = [p for p in (WEB / "app").glob("*.js") if p.name not in later]
    shell += [
        *(
            p
            for p in (WEB / "css").glob("*.css")
            if p.name not in ("conflict.css", "messages.css", "live.css", "player.css")
        ),
        WEB / "index.html",
        WEB / "words/de.json",
    ]
    packed = {p: len(gzip.compress(p.read_bytes(), 9)) for p in [*shell, *of_the_map, *(WEB / "vendor").rglob("*.mjs")]}
    assert sum(packed[p] for p in shell) <= 65_500
    assert sum(size for p, size in packed.items() if p not in shell) <= 450_000
    assert sum(p.stat().st_size for p in (WEB / "fonts").glob("*.woff2")) <= 260_000
    assert (WEB / "land/world.json").stat().st_size <= 1_500_000
    assert math.fsum(p.stat().st_size for p in WEB.rglob("*") if p.is_file()) < 6_000_000


def test_the_base_map_has_land_where_there_is_land() -> None:
    """Land, lakes and borders are all there; known places lie on land or at sea, at 180 degrees and the pole too."""
    features = json.loads((WEB / "land/world.json").read_bytes())["features"]
    shapes = {feature["properties"]["kind"]: shape(feature["geometry"]) for feature in features}
    assert {kind: area.is_empty for kind, area in shapes.items()} == {"land": False, "lake": False, "border": False}
    dry = [(30.5, 50.4), (32.8, 39.9), (150.5, -33.8), (-40, 72), (178, -17.8), (-175, 66.5), (-179.7, 71.2), (0, -89)]
    wet = [(-38, 42), (-150, 0), (51, 42), (-175, -75), (-172, 60), (0, 89), (179, 30), (-179, 30)]
    land = shapes["land"]
    assert [place for place in dry if not land.contains(Point(place))] == []
    assert [place for place in wet if land.contains(Point(place))] == []
    assert land.is_valid
    assert land.area == pytest.approx(21_413, abs=30)
