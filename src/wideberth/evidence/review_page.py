"""The review as a page of its own, with small charts: no script, no network, printable.

In:  a review. Out: the bytes of the page.
"""

import base64
import html
from hashlib import sha256

from wideberth.evidence.figures import Times
from wideberth.evidence.proof.page import STYLE
from wideberth.evidence.proof.story import utc
from wideberth.evidence.review import Joint, Review

BAR_WIDTH = 260
NOTE = (
    "What both parties of a pair find alike in their own copies; compare the digest by voice. Left out is what one of "
    "the two cannot see: conflicts with private plans, alerts between plans that are not both open, queries passed on "
    "to others, silence of single cells."
)


def seconds(time_s: float) -> str:
    """A duration for people."""
    if time_s < 60:
        return f"{time_s:.1f} s"
    minutes, rest = divmod(round(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def rows_of(joint: Joint) -> list[tuple[str, str]]:
    """A pair's figures as rows; what did not occur says so."""
    rows = [
        ("conflicts found", str(joint.conflicts)),
        ("of these settled, accepted or cleared", str(joint.settled)),
        ("time to settle", took(joint.settling)),
        ("plans filed late that met the other's", str(joint.late_plans)),
        ("notices", by(joint.notices)),
        ("of these late", str(joint.late_notices)),
        ("STOP", by(joint.stops)),
        ("silence that climbed to the whole party", by(joint.escalations)),
        ("read back wrongly", by(joint.misread)),
        ("doubts raised", by(joint.doubts)),
        ("doubts that nobody has reviewed", str(joint.doubts_open)),
        ("line degraded, lost", f"{joint.line_degraded}, {joint.line_lost}"),
        ("drills, not counted above", str(joint.drills)),
        ("alerts of the live watch", by(joint.alerts)),
        ("of these not taken up", by(joint.not_taken_up)),
        ("encounters filed", str(joint.encounters)),
        ("of these with versions that differ", str(joint.encounters_differ)),
    ]
    rows += [(f"{party} took an alert up", took(t)) for party, t in joint.taken_up.items()]
    rows += [(f"{party} filed, by class", by(classes)) for party, classes in joint.filed.items()]
    for party, by_precedence in joint.responses.items():
        rows += [(f"{party} had it, {precedence}", took(t)) for precedence, t in by_precedence.items()]
    for sender, message, party, answer in joint.disagreements:
        rows.append((f"open: {party} to {sender}/{message[:8]}", answer))
    return rows


def left_out(review: Review) -> str:
    """How many pairs have no table; empty where all have."""
    count = sum(joint.quiet for joint in review.pairs)
    pairs = "pair" if count == 1 else "pairs"
    return f"{count} more {pairs} of parties: nothing happened that both were told of." if count else ""


def by(counts: dict[str, int]) -> str:
    """Counts by party, stage or class."""
    return ", ".join(f"{party} {count}" for party, count in counts.items()) or "0"


def took(times: Times | None) -> str:
    """Durations in words."""
    if times is None:
        return "–"
    figures = f"median {seconds(times.median_s)}, 95 % {seconds(times.p95_s)}, worst {seconds(times.worst_s)}"
    return f"{figures} ({times.count})"


def page(review: Review) -> bytes:
    """The page."""
    digest = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = f"Joint review, {utc(review.from_us)[:16]}Z to {utc(review.to_us)[:16]}Z"
    kind = {True: "EXERCISE", False: "REAL", None: "UNKNOWN WHETHER EXERCISE OR REAL"}[review.exercise]
    whose = f"what {review.party} was given" if review.party else "the whole ledger"
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        f"<title>{_e(title)}</title><style>{STYLE}</style></head><body>",
        f'<p class="banner">{kind}</p><h1>{_e(title)}</h1>',
        f"<p>Theatre {_e(review.theatre)}. Made from {_e(whose)}: ledger of {review.position} entries, root ",
        f"<code>{review.root}</code>.</p><p>{NOTE}</p>",
        *(_pair(joint, review.digests["/".join(joint.parties)]) for joint in review.pairs if not joint.quiet),
        f"<p>{left_out(review)}</p>",
        _own(review),
        "</body></html>\n",
    ]
    return "".join(parts).encode()


def _e(text: object) -> str:
    return html.escape(str(text))


def _pair(joint: Joint, digest: str) -> str:
    rows = "".join(f"<tr><th>{_e(name)}</th><td>{_e(value)}</td></tr>" for name, value in rows_of(joint))
    bars = [
        (f"{party}, {precedence}", times)
        for party, by_precedence in joint.responses.items()
        for precedence, times in by_precedence.items()
    ]
    bars += [(f"{party}, alerts", times) for party, times in joint.taken_up.items()]
    return (
        f"<h2>{_e(joint.parties[0])} and {_e(joint.parties[1])}</h2><table>{rows}</table>{_chart(bars)}"
        f"<p>Digest of these figures: <code>{digest}</code></p>"
    )


def _own(review: Review) -> str:
    own = review.own
    rows = [
        ("conflicts with a plan that is private", own.conflicts_unnamed),
        ("between one party's plans", own.conflicts_own),
    ]
    body = "".join(f"<tr><th>{_e(name)}</th><td>{_e(value)}</td></tr>" for name, value in rows)
    bars = [(f"{cell}, {p}", times) for cell, by_p in own.cells.items() for p, times in by_p.items()]
    climbed = "".join(
        f"<tr><th>{_e(c)}: somebody else was asked</th><td>{n}</td></tr>" for c, n in own.cell_escalations.items()
    )
    whose = f"{review.party} alone" if review.party else "each party"
    return f"<h2>What {_e(whose)} sees</h2><table>{body}{climbed}</table>{_chart(bars)}"


def _chart(bars: list[tuple[str, Times]]) -> str:
    """Bars: the median full, the 95th of a hundred as a line, the worst as a tick."""
    if not bars:
        return ""
    most = max(times.worst_s for _, times in bars) or 1.0
    out = [f'<svg viewBox="0 0 700 {22 * len(bars) + 8}" role="img" aria-label="Response times">']
    for number, (name, times) in enumerate(bars):
        y = 6 + 22 * number
        median, p95, worst = (BAR_WIDTH * value / most for value in (times.median_s, times.p95_s, times.worst_s))
        out.append(f'<text x="4" y="{y + 12}">{_e(name)}</text>')
        out.append(f'<rect class="m" x="230" y="{y}" width="{max(median, 1):.1f}" height="14"/>')
        out.append(f'<path class="bar" d="M{230 + median:.1f},{y + 7} L{230 + p95:.1f},{y + 7}"/>')
        out.append(f'<path class="bar" d="M{230 + worst:.1f},{y} L{230 + worst:.1f},{y + 14}"/>')
        out.append(
            f'<text x="{242 + worst:.1f}" y="{y + 12}">{seconds(times.median_s)} … {seconds(times.worst_s)}</text>'
        )
    return "".join([*out, "</svg>"])
