"""An encounter's report: one HTML file without scripts, and the same as PDF.

In:  a rebuilt encounter and its pictures.
Out: bytes; the same input gives the same bytes.
Refuses nothing. The HTML needs nothing but itself: pictures are in it, its policy forbids everything else (no scripts,
no network; the one style sheet by its hash). Texts of others are escaped, and reach typst as data, never as its code.
"""

import base64
import html
import json
from hashlib import sha256
from importlib.resources import as_file, files
from typing import Any, Final

import typst

from wideberth.encounter.judge import CLIMB_FT_S2, RULE, TURN_M_S2
from wideberth.encounter.rebuild import Rebuilt
from wideberth.space.units import us_to_time

SAMPLES_SHOWN: Final = 12
"""Of each side, the ones around the nearest moment; all are in rows.csv."""
LIMITS: Final = (
    "The separations are those of recorded positions, not of aircraft: errors of receivers, of altimeters and of times "
    "before recording are not in the intervals.",
    "Between two samples both are taken to have flown straight and evenly. The interval holds what a turn of "
    f"{TURN_M_S2:g} m/s² or a change of climb of {CLIMB_FT_S2:g} ft/s² between them could have changed.",
    RULE,
    "Nothing here says who was right, what anybody knew, or that anything else was clear.",
)
STYLE: Final = """body{font:15px/1.45 system-ui,"Noto Sans",sans-serif;color:#1a1a1a;background:#fff;max-width:56rem;
margin:2rem auto;padding:0 1rem}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;
width:100%;font-size:.92em}th,td{border:1px solid #999;padding:.3rem .5rem;text-align:left;vertical-align:top}
th{background:#f2f2f2}td.n{text-align:right;font-variant-numeric:tabular-nums}img{width:100%;height:auto}
code{overflow-wrap:anywhere}.k{font-size:1.3em;font-weight:700}@media print{body{margin:0;max-width:none}
figure{break-inside:avoid}}"""
TEMPLATE: Final = r"""
#let d = json(bytes(sys.inputs.data))
#set document(title: d.title, date: none)
#set page(paper: "a4", margin: 16mm, numbering: "1 / 1", header: text(8pt, d.title))
#set text(font: ("Noto Sans", "Libertinus Serif"), size: 9pt, lang: "en")
#set table(stroke: 0.4pt + gray, inset: 4pt)
#show heading: set block(above: 1.2em, below: 0.6em)
= #d.title
#d.head
#table(columns: (34%, 1fr), ..d.facts.flatten().map(t => [#t]))
#figure(image(bytes(d.map), format: "svg", width: 82%))
#figure(image(bytes(d.profile), format: "svg", width: 82%))
== What was recorded
#table(columns: (auto, auto, auto, 1fr, 1fr, auto),
  table.header([*aircraft*], [*UTC*], [*s from nearest*], [*latitude*], [*longitude*], [*ft*]),
  ..d.samples.flatten().map(t => [#t]))
== What both sides said and were told
#if d.said.len() == 0 [#d.nosaid] else {
  table(columns: (auto, auto, 1fr), table.header([*UTC*], [*party*], [*what*]), ..d.said.flatten().map(t => [#t])) }
== What this says, and what not
#for line in d.limits [- #line]
== Evidence
#d.evidence
#raw(d.digest)
"""


def facts(made: Rebuilt) -> list[tuple[str, str]]:
    """The figures of the head, as people read them."""
    one = made.encounter
    m, ft, least_m, least_ft = one.horizontal_m, one.vertical_ft, one.least_horizontal_m, one.least_vertical_ft
    reach = "" if one.worst == one.best else f" (from {one.worst} to {one.best} over the interval)"
    lat, lon = one.lat_nd / 1e9, one.lon_nd / 1e9
    place = f"{abs(lat):.5f}° {'N' if lat >= 0 else 'S'}, {abs(lon):.5f}° {'E' if lon >= 0 else 'W'} (WGS 84)"
    minima = f"{made.minima.horizontal_mm / 1_852_000:.4g} NM and {made.minima.vertical_ft:,} ft, both, strictly"
    inside = f"{_time(one.enter_us)} to {_time(one.exit_us)} UTC, {one.inside_us / 1e6:,.0f} s in all"
    return [
        ("Class, by figures alone", f"{one.klass}{reach}"),
        ("Nearest moment", f"{us_to_time(one.nearest_us):%Y-%m-%d} {_time(one.nearest_us)} UTC"),
        ("Then horizontally apart", f"{m.value:,.0f} m, between {m.low:,.0f} and {m.high:,.0f} m"),
        ("Then apart in height", f"{ft.value:,.0f} ft, between {ft.low:,.0f} and {ft.high:,.0f} ft"),
        ("Least horizontally", f"{least_m.value:,.0f} m, between {least_m.low:,.0f} and {least_m.high:,.0f} m"),
        ("Least in height", f"{least_ft.value:,.0f} ft, between {least_ft.low:,.0f} and {least_ft.high:,.0f} ft"),
        (
            "Minima",
            minima,
        ),
        ("Inside both", inside),
        ("Closing at entry", f"{one.closing_m_s:,.0f} m/s ({one.closing_m_s * 3.6 / 1.852:,.0f} kt)"),
        ("Of one to the other when nearest", f"{one.relative_m_s:,.0f} m/s ({one.relative_m_s * 3.6 / 1.852:,.0f} kt)"),
        ("Place, midway", place),
        ("Method", one.method),
        *(
            (f"{name} seen by", ", ".join(by) + "; at each moment by the one that is best there" * (len(by) > 1))
            for name, by in zip((one.first, one.second), one.sources, strict=True)
            if by
        ),
        ("Recorded in", ", ".join(made.sources) or "not said"),
        *(("Taken for granted", note) for note in made.notes),
    ]


def _time(time_us: int) -> str:
    return f"{us_to_time(time_us):%H:%M:%S.%f}"[:-5]


def samples(made: Rebuilt) -> list[tuple[str, ...]]:
    """The samples of both around the nearest moment."""
    one = made.encounter
    rows: list[tuple[str, ...]] = []
    for name, all_ in zip((one.first, one.second), made.samples, strict=True):
        nearest = sorted(all_, key=lambda s: abs(s[0] - one.nearest_us))[:SAMPLES_SHOWN]
        for time_us, lat_nd, lon_nd, alt_ft in sorted(nearest):
            off = (time_us - one.nearest_us) / 1e6
            rows.append(
                (name, _time(time_us), f"{off:+.1f}", f"{lat_nd / 1e9:.6f}", f"{lon_nd / 1e9:.6f}", f"{alt_ft:,}")
            )
    return rows


def said(made: Rebuilt) -> list[tuple[str, str, str]]:
    """What the ledger's evidence holds of that time; with the day where it is another."""
    day = f"{us_to_time(made.encounter.nearest_us):%Y-%m-%d} "
    rows = ((f"{us_to_time(s.time_us):%Y-%m-%d} ".replace(day, "") + _time(s.time_us), s) for s in made.said)
    return [(when, s.party, f"{s.kind}: {s.text} (entry {s.entry})") for when, s in rows]


NOT_SAID: Final = "No ledger and no evidence of one was given, or none of it is of that time."
EVIDENCE: Final = (
    "rows.csv holds every recorded row of both from two minutes before entry to two minutes after exit, as integers. "
    "Its SHA-256 is the evidence hash; whoever has the recording makes the same file and the same hash. SHA-256:"
)


def title(made: Rebuilt) -> str:
    """The heading."""
    return f"Encounter {made.encounter.id}: {made.encounter.first} and {made.encounter.second}"


def page(made: Rebuilt, drawn: dict[str, bytes]) -> bytes:
    """The HTML."""
    e = html.escape
    digest = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    images = {
        n: "data:image/svg+xml;base64," + base64.b64encode(drawn[f"{n}.svg"]).decode() for n in ("map", "profile")
    }
    head = "".join(f"<tr><th scope=row>{e(k)}</th><td>{e(v)}</td></tr>" for k, v in facts(made))
    recorded = _table(("aircraft", "UTC", "s from nearest", "latitude", "longitude", "ft"), samples(made), 2)
    told = _table(("UTC", "party", "what"), said(made), 9) if made.said else f"<p>{NOT_SAID}</p>"
    limits = "".join(f"<li>{e(line)}</li>" for line in LIMITS)
    name = e(title(made))
    text = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width"><title>{name}</title><style>{STYLE}</style></head><body>
<h1>{name}</h1><p>Rebuilt from recorded tracks. It is no finding.</p><table>{head}</table>
<figure><img alt="Map of both tracks around the nearest moment" src="{images["map"]}"></figure>
<figure><img alt="Altitudes and separations over time" src="{images["profile"]}"></figure>
<h2>What was recorded</h2>{recorded}
<h2>What both sides said and were told</h2>{told}
<h2>What this says, and what not</h2><ul>{limits}</ul>
<h2>Evidence</h2><p>{e(EVIDENCE)}</p><p><code>{made.evidence_sha256}</code></p></body></html>
"""
    return text.encode()


def _table(heads: tuple[str, ...], rows: list[Any], figures_from: int) -> str:
    head = "".join(f"<th scope=col>{html.escape(h)}</th>" for h in heads)
    body = "".join(
        "<tr>"
        + "".join(f"<td{' class=n' if k >= figures_from else ''}>{html.escape(c)}</td>" for k, c in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def paper(made: Rebuilt, drawn: dict[str, bytes]) -> bytes:
    """The PDF."""
    data = {
        "title": title(made),
        "head": "Rebuilt from recorded tracks. It is no finding.",
        "facts": facts(made),
        "map": drawn["map.svg"].decode(),
        "profile": drawn["profile.svg"].decode(),
        "samples": samples(made),
        "said": said(made),
        "nosaid": NOT_SAID,
        "limits": LIMITS,
        "evidence": EVIDENCE,
        "digest": made.evidence_sha256,
    }
    with as_file(files("wideberth.voice") / "fonts") as folder:
        fonts = typst.Fonts(False, True, [str(folder)])
        inputs = {"data": json.dumps(data, ensure_ascii=False)}
        pdf = typst.compile(TEMPLATE.encode(), font_paths=fonts, sys_inputs=inputs, timestamp=0)
    assert isinstance(pdf, bytes)
    return pdf
