"""`review`: how a span of time went between parties, alike for both sides that make it.

In:  a data folder, a backup, or an export; a span.
Out: tables, JSON, or a page.
Refuses (exit status 2) what is no ledger, a file that exists; ends with 1 where the ledger is not sound.
"""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from wideberth.cli.copies import read_folder
from wideberth.cli.evidence import checked_copy, may_see_of, span_of
from wideberth.cli.out import Stop, figure, row, say, say_json, show, some, table, tracked
from wideberth.evidence.review import Review
from wideberth.evidence.review import review as review_of
from wideberth.evidence.review_page import NOTE, by, left_out, page, rows_of, took
from wideberth.intake.times import show_time
from wideberth.keys import spoken


def review(
    source: Annotated[Path, Parameter(help="A data folder, a backup, or an export file.")],
    *,
    from_: Annotated[str, Parameter(name="--from", help="From this time on (RFC 3339).")],
    to: Annotated[str, Parameter(help="Up to this time.")],
    party: Annotated[str, Parameter(help="Only what this party was given.")] = "",
    out: Annotated[Path | None, Parameter(help="A page (.html) or JSON (.json) to make.")] = None,
    json: Annotated[bool, Parameter(negative="", help="Print JSON.")] = False,
) -> int:
    """Review a span of time together: conflicts, late notices, response times, silence, lines, open disagreements.

    Each pair's figures are alike for both parties that make the review of the same span from their own copies; their
    digest may be compared by voice.

    Example: wideberth review has.wb --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z --out november.html
    """
    if out is not None and (out.exists() or out.suffix not in (".html", ".json")):
        raise Stop(f"{out}: name a new file that ends in .html or .json.")
    span = span_of(from_, to)
    store = read_folder(source) if source.is_dir() else checked_copy(source)
    may_see, whose = may_see_of(store, party)
    head = store.head
    made = review_of(tracked(store.read(), "reviewing", head.size), may_see, whose, span, (head.size, head.root))
    if out is not None:
        text = page(made) if out.suffix == ".html" else msgspec.json.format(msgspec.json.encode(made), indent=2)
        with out.open("xb") as file:
            file.write(text)
        say(f"{out}: {some(len(made.pairs), 'pair')} of parties, {figure(out.stat().st_size)} bytes.")
    elif json:
        say_json(made)
    else:
        _print(made)
    return 0


def _print(made: Review) -> None:
    whose = f"from what {made.party} was given" if made.party else "from the whole ledger"
    what = "exercise" if made.exercise else "real" if made.exercise is False else "unknown whether exercise or real"
    say(f"Theatre {made.theatre} ({what}), {show_time(made.from_us)} to {show_time(made.to_us)}, {whose}:")
    say(f"ledger of {some(made.position, 'entry', 'entries')}, root {made.root}.")
    say(NOTE)
    for joint in (joint for joint in made.pairs if not joint.quiet):
        say()
        rows = table(" and ".join(joint.parties), "")
        for name, value in rows_of(joint):
            row(rows, name, value)
        show(rows)
        say(f"digest {spoken(bytes.fromhex(made.digests['/'.join(joint.parties)])[:8])}")
    if left := left_out(made):
        say(f"\n{left}")
    if not made.pairs:
        say("\nNothing of these parties falls into the span.")
    say()
    own = table(f"what {made.party} alone sees" if made.party else "what each party sees", "")
    for cell, by_precedence in made.own.cells.items():
        for precedence, times in by_precedence.items():
            row(own, f"{cell} had it, {precedence}", took(times))
    row(own, "cells for which somebody else was asked", by(made.own.cell_escalations))
    row(own, "conflicts with a plan that is private", figure(made.own.conflicts_unnamed))
    row(own, "conflicts between one party's plans", figure(made.own.conflicts_own))
    show(own)
