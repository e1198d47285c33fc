"""report.pdf: the same report on paper, set by typst from the same story.

In:  what was checked, and the story that it tells; a folder of fonts that cover the scripts of its texts, if any.
Out: the bytes of a PDF.
The texts reach typst as data, never as its code. The verifier holds the PDF to its digest alone: what counts is
report.html, which is made anew, and the entries.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typst

from wideberth.evidence.proof.check import ENTRIES, ROWS_MAX, Checked
from wideberth.evidence.proof.drawings import chart, timeline
from wideberth.evidence.proof.page import PROVES, PROVES_NOT, kind_of, results
from wideberth.evidence.proof.story import Line, Story, local, utc

TEMPLATE = r"""
#let d = json(bytes(sys.inputs.data))
#set document(title: d.title, date: none)
#set page(paper: "a4", margin: 16mm, numbering: "1 / 1", header: text(8pt, d.kind + "  " + d.title))
#set text(font: ("Noto Sans", "Noto Sans Arabic", "Libertinus Serif"), size: 9pt, lang: "en")
#set table(stroke: 0.4pt + gray, inset: 4pt)
#show heading: set block(above: 1.2em, below: 0.6em)
#rect(stroke: 1.2pt)[*#d.kind*]
= #d.title
#d.made

== What this file proves
#for line in d.proves [- #line]
== What it does not prove
#for line in d.provesnot [- #line]

== Result of verifying, as of making
#table(columns: (38%, 1fr), ..d.results.flatten().map(t => [#t]))

== Who was told what, and when
#d.cut
#table(columns: (auto, auto, 1fr), table.header([*when*], [*to*], [*what*]),
  ..d.told.map(r => ([#r.when], [#r.party], [#r.text])).flatten())

== What each side said and was told
Side by side on report.html; here in the order of the entries. Where sides differ, nothing here decides between them.
#table(columns: (auto, auto, 1fr), table.header([*when*], [*who*], [*what*]),
  ..d.lines.map(r => ([#r.when], [#r.party], [#r.text])).flatten())

== Timeline
#if d.timeline != "" { image(bytes(d.timeline), format: "svg", width: 100%) }
== Map
#if d.map != "" { image(bytes(d.map), format: "svg", width: 100%) } else [No place is shown in these entries.]
"""
STYLE = """<style>text{font-family:"Noto Sans";font-size:12px;fill:#000}.t,.g{font-size:10px}
.lane,.tick,.grid{stroke:#999;stroke-width:.6;fill:none}.m{fill:#0b5394}.STOP,.escalation,.alert,.wrong,.reject{fill:#9c2a00}
.sea{fill:#f2f2f2}.land{fill:#fff;stroke:#777}.lake,.water{fill:#f2f2f2;stroke:#777}
.river,.road,.border{fill:none;stroke:#777}
.volume{fill:#0b5394;fill-opacity:.12;stroke:#0b5394}.place{fill:#9c2a00;fill-opacity:.2;stroke:#9c2a00}
.bar{stroke:#000;stroke-width:3;fill:none}</style>"""


def paper(fonts: Path | None = None) -> Callable[[Checked, Story], bytes]:
    """What sets a story, with the fonts of a folder beside those that typst has."""

    def made(checked: Checked, story: Story) -> bytes:
        data = {"data": json.dumps(_data(checked, story), ensure_ascii=False)}
        where = typst.Fonts(False, True, [str(fonts)] if fonts is not None and fonts.is_dir() else [])
        pdf = typst.compile(TEMPLATE.encode(), font_paths=where, sys_inputs=data, timestamp=0)
        assert isinstance(pdf, bytes)
        return pdf

    return made


def _data(checked: Checked, story: Story) -> dict[str, Any]:
    made, zone = checked.manifest["made"], checked.manifest["zone"]
    whose = f"what {made['party']} was given" if made["party"] else "the whole ledger"
    total = checked.figures["entries"]
    lines = [(row, line) for row in story.rows for line in row.lines]

    def cells(pairs: list[tuple[Any, Line]]) -> list[dict[str, str]]:
        return [
            {
                "when": f"{utc(row.time_us)}\n{local(row.time_us, zone)}\nentry {row.sequence}",
                "party": line.party or "the ledger",
                "text": _text(line),
            }
            for row, line in pairs
        ]

    return {
        "title": f"Evidence: {checked.manifest['subject']['name']}",
        "kind": kind_of(story),
        "made": f"Theatre {story.theatre}. Made {utc(made['time_us'])} by {made['by']} from {whose}.",
        "proves": PROVES,
        "provesnot": PROVES_NOT,
        "results": [[name, str(value)] for name, value in results(checked)],
        "cut": f"The first {ROWS_MAX} of {total} entries; all are in {ENTRIES}." if total > ROWS_MAX else "",
        "told": cells([(row, line) for row, line in lines if line.kind == "told"]),
        "lines": cells(lines),
        "timeline": _svg(timeline(story.marks, story.parties, zone)),
        "map": _svg(chart(story.shapes, checked.land)),
    }


def _text(line: Line) -> str:
    verb = {"said": "said: ", "told": "was told: "}.get(line.kind, "")
    words = "".join(f" «{text}» ({language}, untranslated)" for language, text in line.words)
    return f"{verb}{line.what}{words}. {'; '.join(f'{name} {value}' for name, value in line.facts)}"


def _svg(markup: str) -> str:
    """The first drawing of a page's markup, with a style sheet of its own; empty where there is none."""
    if not markup.startswith("<svg"):
        return ""
    drawing = markup[: markup.index("</svg>") + 6]
    return drawing.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(">", f">{STYLE}", 1)
