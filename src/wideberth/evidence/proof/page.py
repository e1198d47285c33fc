"""report.html: one page that needs nothing else, made from what was checked and from nothing else.

In:  what was checked, and the story that it tells.
Out: the bytes of the page. The same input gives the same bytes, so a verifier makes the page again and compares.
No script, no network: a strict content security policy stands in the page, and its one style sheet is named by hash.
"""

from __future__ import annotations

import base64
import html
from hashlib import sha256

from .check import ENTRIES, MANIFEST, REPORT, ROWS_MAX, Checked, canonical
from .drawings import chart, timeline
from .story import Line, Row, Story, local, utc

PDF = "report.pdf"
COLUMNS_MAX = 4
STYLE = """
:root{color-scheme:light dark;--ink:#16202a;--paper:#fff;--soft:#eef2f5;--line:#9fb0bd;--mark:#0b5394;--warn:#9c2a00}
@media(prefers-color-scheme:dark){:root{--ink:#e8edf1;--paper:#12181d;--soft:#1d262d;--line:#5c6f7d;--mark:#8ec5ff;
--warn:#ffb38a}}
*{box-sizing:border-box}
body{font:15px/1.45 system-ui,"Noto Sans",sans-serif;color:var(--ink);background:var(--paper);margin:0 auto;
max-width:1180px;padding:1rem 1.25rem}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.15rem;margin:1.6rem 0 .4rem;border-bottom:1px solid var(--line)}
.banner{border:2px solid var(--warn);padding:.3rem .7rem;font-weight:700;display:inline-block}
.two{display:grid;grid-template-columns:1fr 1fr;gap:1rem}@media(max-width:760px){.two{grid-template-columns:1fr}}
.box{background:var(--soft);padding:.6rem .9rem}.box ul{margin:.2rem 0;padding-left:1.1rem}
table{border-collapse:collapse;width:100%;font-size:.86rem;margin:.5rem 0}
th,td{border:1px solid var(--line);padding:.3rem .45rem;vertical-align:top;text-align:left;overflow-wrap:anywhere}
th{background:var(--soft);position:sticky;top:0}
.time{white-space:nowrap;font-variant-numeric:tabular-nums}.soft{opacity:.75}
dl{margin:.1rem 0 .3rem;display:grid;grid-template-columns:max-content 1fr;gap:0 .5rem}
dt{opacity:.75}dd{margin:0;overflow-wrap:anywhere}
blockquote{margin:.2rem 0;padding:.1rem .6rem;border-inline-start:3px solid var(--mark);white-space:pre-wrap}
.said>b:first-child:before{content:"said: "}.told>b:first-child:before{content:"was told: "}
.line+.line{border-top:1px dotted var(--line);margin-top:.3rem;padding-top:.3rem}
svg{width:100%;height:auto;display:block}svg text{font:12px system-ui,sans-serif;fill:var(--ink)}
svg .t,svg .g{font-size:10px}.lane,.tick,.grid{stroke:var(--line);stroke-width:.6}.tick,.grid{stroke-dasharray:2 4}
.m{fill:var(--mark);stroke:var(--paper);stroke-width:1}.m.STOP,.m.escalation,.m.alert,.m.wrong,.m.reject{fill:var(--warn)}
.sea{fill:var(--soft)}.land{fill:var(--paper);stroke:var(--line)}.lake,.water{fill:var(--soft);stroke:var(--line)}
.river,.road{fill:none;stroke:var(--line)}.road{stroke-width:.5}
.border{fill:none;stroke:var(--line);stroke-dasharray:6 3}
.volume{fill:var(--mark);fill-opacity:.12;stroke:var(--mark);stroke-width:1.5}
.place{fill:var(--warn);fill-opacity:.2;stroke:var(--warn);stroke-width:1.5;stroke-dasharray:5 3}
.bar{stroke:var(--ink);stroke-width:3;fill:none}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1rem;padding:0;font-size:.85rem}
.legend li{display:flex;align-items:center;gap:.3rem}.key{width:16px}
code{font-size:.82rem;overflow-wrap:anywhere}
@media print{:root{--ink:#000;--paper:#fff;--soft:#f2f2f2;--line:#777;--mark:#0b5394;--warn:#9c2a00}body{max-width:none;
font-size:10pt;padding:0}th{position:static}tr,svg,.box{break-inside:avoid}thead{display:table-header-group}
a{color:inherit;text-decoration:none}@page{margin:14mm}}
"""
PROVES = (
    "Each entry shown stands at its place and time in the ledger whose checkpoint the node signed; none was changed, "
    "moved or slipped in since.",
    "Each thing said bears the signature of the key that is named beside it, over exactly these bytes.",
    "Each thing told stands in the ledger as told: bytes, number and time.",
    "The ledger that a speaker says to have seen, where a proof stands for it, is the beginning of this one.",
)
PROVES_NOT = (
    "What is true. It shows what each side said and was told; it takes no side and resolves nothing.",
    "What was said on other ways, or what is withheld here: other entries may exist, and whoever made the file chose.",
    "That a person read what was told: received, read back and effective are words of their own, where they stand.",
    "Who held a key, and that the node's clock was right; entry times are the node's.",
    "That anything was permitted, lawful or without danger.",
)


def render(checked: Checked, story: Story) -> bytes:
    """The page."""
    digest = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    made = checked.manifest["made"]
    title = f"Evidence: {checked.manifest['subject']['name']}"
    whose = f"what {made['party']} was given" if made["party"] else "the whole ledger"
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>{_e(title)}</title><style>{STYLE}</style></head><body>",
        f'<p class="banner">{kind_of(story)}</p><h1>{_e(title)}</h1>',
        f"<p>Theatre {_e(story.theatre)}. Made {utc(made['time_us'])} ({_e(local(made['time_us'], _zone(checked)))}) ",
        f"by {_e(made['by'])} from {_e(whose)}. A protective coordination record.</p>",
        '<div class="two">',
        _box("What this file proves", PROVES),
        _box("What it does not prove", PROVES_NOT),
        "</div>",
        _result(checked),
        _told(checked, story),
        _versions(checked, story),
        f"<h2>Timeline</h2>{timeline(story.marks, story.parties, _zone(checked))}",
        "<h2>Map</h2><p>Outlines as they stand in the parts that are shown. Not to be measured on.</p>",
        chart(story.shapes, checked.land),
        _digests(checked),
        "</body></html>\n",
    ]
    return "".join(parts).encode()


def _e(text: object) -> str:
    return html.escape(str(text))


def _zone(checked: Checked) -> dict[str, object]:
    zone: dict[str, object] = checked.manifest["zone"]
    return zone


def _box(title: str, lines: tuple[str, ...]) -> str:
    return f'<div class="box"><b>{title}</b><ul>{"".join(f"<li>{_e(line)}</li>" for line in lines)}</ul></div>'


def kind_of(story: Story) -> str:
    """Exercise or real, as the genesis says."""
    return {True: "EXERCISE", False: "REAL", None: "UNKNOWN WHETHER EXERCISE OR REAL"}[story.exercise]


def results(checked: Checked) -> list[tuple[str, object]]:
    """What was verified, as rows."""
    head, figures = checked.head, checked.figures
    assert head is not None
    witnesses = [f"{key.name} at {utc((time_s or 0) * 1_000_000)}" for key, time_s in head.signed if time_s is not None]
    rows: list[tuple[str, object]] = [
        ("Entries, each with an inclusion proof", figures["entries"]),
        ("Parts shown, each fitting its commitment", figures["shown"]),
        ("Parts withheld or erased, as commitments alone", figures["absent"]),
        ("Signatures under what was said, all good", figures["signatures"]),
        ("Notices to parties", figures["notices"]),
        (
            "Things said after a ledger that is proven to be the beginning of this one",
            figures["consistent"],
        ),
        ("Checkpoint", f"{head.origin}, {head.size} entries, root {head.root.hex()}"),
        ("Cosigned by", ", ".join(witnesses) or "no witness that is named here"),
        ("Genesis", checked.genesis),
        ("Node keys", ", ".join(f"{key.name} {key.public.hex()}" for key in checked.node_keys)),
        ("Keys that are not traced to the genesis by what is shown", "; ".join(checked.untraced) or "none"),
    ]
    for what, count in sorted(checked.manifest["left_out"].items()):
        rows.append((f"Left out: {what}", count))
    return rows


def _result(checked: Checked) -> str:
    rows = results(checked)
    body = "".join(f"<tr><th>{_e(name)}</th><td>{_e(value)}</td></tr>" for name, value in rows)
    return (
        "<h2>Result of verifying, as of making</h2><p><b>Sound.</b> Verify again, also on another machine: "
        "<code>python3 FILE.zip</code> or <code>wideberth verify FILE.zip</code>. Compare genesis and node key with "
        "what you were told on another way: a ledger that somebody made up whole is sound in itself.</p>"
        f"<table>{body}</table>"
    )


def _time(row: Row, checked: Checked) -> str:
    return (
        f'<td class="time">{utc(row.time_us)}<br><span class="soft">{_e(local(row.time_us, _zone(checked)))}</span>'
        f"<br>entry {row.sequence}</td>"
    )


def _told(checked: Checked, story: Story) -> str:
    rows = []
    for row in story.rows:
        for line in row.lines:
            if line.kind == "told":
                rows.append(f"<tr>{_time(row, checked)}<td>{_e(line.party)}</td><td>{_line(line)}</td></tr>")
    zone = checked.manifest["zone"]["name"]
    return (
        f"<h2>Who was told what, and when</h2>{_cut(checked)}<table><thead><tr><th>UTC, then {_e(zone)}</th><th>to</th>"
        f"<th>what</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _cut(checked: Checked) -> str:
    total = checked.figures["entries"]
    if total <= ROWS_MAX:
        return ""
    return f"<p><b>The first {ROWS_MAX} of {total} entries are listed; all of them are in {ENTRIES}.</b></p>"


def _versions(checked: Checked, story: Story) -> str:
    parties = story.parties[:COLUMNS_MAX]
    others = ["others"] if len(story.parties) > COLUMNS_MAX else []
    heads = "".join(f"<th>{_e(name)}</th>" for name in (*parties, *others, "the ledger"))
    rows = []
    for row in story.rows:
        cells: dict[str, list[str]] = {name: [] for name in (*parties, *others, "")}
        for line in row.lines:
            column = line.party if line.party in cells else "others"
            name = f"<span>{_e(line.party)} </span>" if column == "others" else ""
            cells[column].append(f'<div class="line {line.kind}">{name}{_line(line)}</div>')
        if row.absent:
            erased = row.absent.count("erased")
            told = [f"{len(row.absent) - erased} withheld"] if len(row.absent) > erased else []
            told += [f"{erased} erased"] if erased else []
            cells[""].append(f'<div class="soft">parts not shown: {", ".join(told)}</div>')
        body = "".join(f"<td>{''.join(cell)}</td>" for cell in cells.values())
        rows.append(f"<tr>{_time(row, checked)}{body}</tr>")
    return (
        "<h2>Each side's version</h2><p>What each party said and was told, side by side, as it stands in the ledger. "
        "Where they differ, they differ: nothing here decides between them. What a party did not show, or was not "
        "given, is missing from its column.</p>"
        f"<table><thead><tr><th>when</th>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _line(line: Line) -> str:
    facts = "".join(f"<dt>{_e(name)}</dt><dd>{_e(value)}</dd>" for name, value in line.facts)
    words = "".join(
        f'<blockquote lang="{_e(language)}" dir="auto">{_e(text)}</blockquote>'
        f'<span class="soft">free text, {_e(language)}, untranslated</span>'
        for language, text in line.words
    )
    return f"<b>{_e(line.what)}</b>{words}<dl>{facts}</dl>"


def _digests(checked: Checked) -> str:
    members = {n: said for n, said in checked.manifest["members"].items() if n not in (REPORT, PDF)}
    stated = canonical({**checked.manifest, "members": members})
    listed = [*sorted(members.items()), (f"{MANIFEST}, but for the reports", [len(stated), sha256(stated).hexdigest()])]
    rows = "".join(f"<tr><td>{_e(n)}</td><td>{said[0]}</td><td><code>{said[1]}</code></td></tr>" for n, said in listed)
    return (
        "<h2>Digests</h2><p>SHA-256 of the members from which this page was made.</p><table><thead><tr><th>member</th>"
        f"<th>bytes</th><th>SHA-256</th></tr></thead><tbody>{rows}</tbody></table>"
    )
