"""What the bytes say, row by row: who said what, who was told what, when. Each side's version stands as it is.

In:  entries that were checked, the names of the fields (layout.json), the manifest.
Out: a `Story`: rows, marks for the timeline, shapes for the map.
Every fact is read off a shown part; what is not shown stands as withheld or erased, and nothing is concluded.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from struct import iter_unpack
from typing import Any, NamedTuple
from uuid import UUID

from .alerts import came, measured, side_text, told_of_alert
from .check import Checked, read_array
from .entries import Given
from .show import shown

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017  also for older interpreters
PARTS = (
    *("text", "volumes", "note", "reason", "onward", "about", "shared", "paths", "contacts", "details", "itinerary"),
    "aircraft",
)
"""Fields of a command that name an attached part by its place."""
SAID_AS = {
    "send": "sends a message",
    "stop": "says STOP",
    "acknowledge": "acknowledges a message",
    "answer_message": "answers a message",
    "reject": "rejects a message: cannot use it as it is",
    "cancel_message": "takes a message back",
    "doubt": "doubts a message",
    "review": "has reviewed a doubt",
    "check_line": "checks a line",
    "answer_check": "answers a check of the line",
    "hand_over": "offers a watch",
    "take_over": "takes a watch over",
    "set_tree": "names its cells",
    "sign_head": "signs that its notices arrived",
    "plan": "files a plan",
    "confirm": "confirms a plan",
    "set_state": "moves an operation",
    "constrain": "files a constraint",
    "protect": "files a protected place",
    "lift": "lifts a constraint or a protection",
    "propose": "proposes a way to settle",
    "concur": "concurs",
    "object": "objects",
    "withdraw": "takes its word back",
    "accept_risk": "accepts the risk",
    "grant_key": "grants a watch key",
    "revoke_key": "revokes a watch key",
    "accept": "accepts the invitation",
    "erase": "has a part erased",
    "genesis": "founds the theatre",
    "new_epoch": "opens a new epoch",
    "due": "a deadline passed",
    "delivered": "messages went out on routes",
    "set_aircraft": "names the aircraft that fly a plan",
    "acknowledge_alert": "takes an alert up",
    "file_encounter": "files its version of an encounter",
}
TOLD_AS = {
    "message": "a message",
    "reach": "how far a message has come",
    "echo": "a message was read back wrongly",
    "rung": "nobody acknowledged in time",
    "reply": "an answer to a message",
    "message-state": "a message has another state",
    "handed": "a message on a route; handed over is not received",
    "line": "the line",
    "conflict": "a conflict",
    "state": "a conflict has another state",
    "talk": "somebody spoke in a conflict",
    "late": "a plan was filed late",
    "due": "a deadline passed",
    "member": "the membership",
    "asked": "a plan needs concurrence",
    "answer": "a word on a plan",
    "watch": "a watch",
    "encounter": "a version of an encounter was filed",
}
MARKS = {
    "send": "sent",
    "stop": "STOP",
    "answer_message": "answer",
    "reject": "reject",
    "cancel_message": "cancel",
    "doubt": "doubt",
    "review": "review",
    "plan": "plan",
    "constrain": "plan",
    "protect": "plan",
    "propose": "talk",
    "concur": "talk",
    "object": "talk",
    "accept_risk": "talk",
    "withdraw": "talk",
    "rung": "escalation",
    "reply": "answer",
    "echo": "wrong",
    "conflict": "conflict",
    "talk": "talk",
    "acknowledge_alert": "taken up",
    "file_encounter": "encounter",
    "encounter": "encounter",
}
LEGEND = (
    *("sent", "received", "read back", "effective", "escalation", "answer", "reject", "wrong", "doubt", "review"),
    *("cancel", "STOP", "plan", "conflict", "talk", "alert", "taken up", "encounter"),
    "other",
)


class Line(NamedTuple):
    """Something said or told. `facts` are (name, value) pairs as they stand in the bytes."""

    kind: str
    """ "said", "told", or "ledger" for what the ledger's node says by itself."""
    party: str
    what: str
    facts: list[tuple[str, str]]
    words: list[tuple[str, str]]
    """Free texts: language, and the text as it may be shown."""


class Row(NamedTuple):
    """An entry."""

    sequence: int
    time_us: int
    lines: list[Line]
    absent: list[str]


class Mark(NamedTuple):
    """Something on the timeline."""

    time_us: int
    lane: str
    what: str
    sequence: int


class Shape(NamedTuple):
    """An outline on the map: ring of (lat, lon) in degrees, or centre and radius in metres."""

    label: str
    kind: str
    ring: list[tuple[float, float]]
    radius_m: float
    extent: str


class Story(NamedTuple):
    """All that a report shows of the entries."""

    rows: list[Row]
    parties: list[str]
    marks: list[Mark]
    shapes: list[Shape]
    theatre: str
    exercise: bool | None


def utc(time_us: int) -> str:
    """Day and time in UTC, to the millisecond."""
    when = EPOCH + timedelta(microseconds=time_us // 1000 * 1000)
    return f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03}Z"


def local(time_us: int, zone: dict[str, Any]) -> str:
    """The same by the clock of a zone, whose offsets stand in the manifest."""
    offset_s = 0
    for begins_us, seconds in zone["offsets"]:
        if time_us >= begins_us:
            offset_s = seconds
    when = EPOCH + timedelta(microseconds=time_us) + timedelta(seconds=offset_s)
    sign, minutes = "-" if offset_s < 0 else "+", abs(offset_s) // 60
    return f"{when:%Y-%m-%d %H:%M:%S} {sign}{minutes // 60:02}:{minutes % 60:02}"


def name_text(name: str) -> str:
    """A field's name as people read it; its unit goes with the value."""
    return shown(name.removesuffix("_us").removesuffix("_mm").replace("_", " "))


def value_text(name: str, value: Any) -> str:
    """A value as people read it, with the unit that its name carries."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return (
            str(UUID(bytes=value)) if len(value) == 16 else value.hex() if len(value) <= 32 else f"{len(value)} bytes"
        )
    if isinstance(value, list):
        return ", ".join(value_text(name, item) for item in value) or "none"
    if isinstance(value, int) and name.endswith("_us") and value > 10**14:
        return utc(value)
    if isinstance(value, int) and name.endswith(("_us", "_mm")):
        return f"{value / 1_000_000:g} s" if name.endswith("_us") else f"{value / 1000:g} m"
    return shown(str(value)) or "none"


def tell(checked: Checked) -> Story:
    """Read the story off the entries."""
    return _Reader(checked).story()


class _Reader:
    """One pass."""

    def __init__(self, checked: Checked) -> None:
        self.checked, self.layout = checked, checked.layout
        self.erased = {(row[0], row[1]) for row in checked.manifest["erased"]}
        self.contents = {
            commitment: part[1]
            for given in checked.rows
            for part, commitment in zip(given.parts, given.commitments)  # noqa: B905  of one length
            if part is not None
        }
        self.marks: list[Mark] = []
        self.shapes: list[Shape] = []
        self.parties: dict[str, None] = {}
        self.theatre, self.exercise = "", None  # type: str, bool | None

    def story(self) -> Story:
        """All rows."""
        rows = [self._row(given) for given in self.checked.rows]
        parties = sorted(party for party in self.parties if party)
        return Story(rows, parties, self.marks, self.shapes, self.theatre, self.exercise)

    def _row(self, given: Given) -> Row:
        lines = [*self._said(given), *self._told(given)]
        absent = []
        for index, part in enumerate(given.parts):
            if part is None:
                absent.append("erased" if (given.sequence, index) in self.erased else "withheld")
        return Row(given.sequence, given.time_us, lines, absent)

    # said

    def _said(self, given: Given) -> Iterator[Line]:
        part = given.parts[0]
        if part is None:
            return
        data = read_array(part[1], 2)[0]
        envelope = dict(zip(self.layout["structs"]["Envelope"], read_array(data, 8)))  # noqa: B905
        command, party = envelope["command"], envelope["party"]
        tag = command[0]
        fields = dict(zip(self.layout["commands"].get(tag, ()), command[1:]))  # noqa: B905
        kind = "said" if party else "ledger"
        if tag == "warned":
            yield from self._warned(given, fields["warnings"])
            return
        facts, words = self._fields(given, tag, fields)
        outcome = self._outcome(given)
        if party:
            self.parties[party] = None
            facts.append(("signed by key", ", ".join(key.hex()[:16] for key in envelope["keys"])))
            facts.append(("had seen the ledger of", f"{envelope['seen'][0]} entries"))
        facts.extend(outcome)
        refused = bool(outcome) and outcome[0][1] != "accepted"
        if tag == "genesis":
            self.theatre, self.exercise = shown(fields["theatre"]), fields["exercise"]
        self._mark(given, party, self._command_mark(tag, fields, refused))
        yield Line(kind, party, SAID_AS.get(tag, shown(tag)), facts, words)

    def _warned(self, given: Given, warnings: list[list[Any]]) -> Iterator[Line]:
        """What the live watch told whom, one line an alert."""
        structs = self.layout["structs"]
        for row in warnings:
            fields = dict(zip(structs["Warning"], row))  # noqa: B905  defaults may lack
            sides = [dict(zip(structs["Side"], side)) for side in fields["sides"]]  # noqa: B905
            to = " and ".join(shown(side["party"]) for side in sides)
            facts = measured(fields, value_text("closest_us", fields["closest_us"]))
            facts += [(f"of {shown(side['party'])}", side_text(side)) for side in sides]
            self._mark(given, "", "other" if fields["stage"] in ("passed", "lost") else "alert")
            yield Line("ledger", "", f"the live watch told {to}: {came(fields['kind'], fields['stage'])}", facts, [])

    def _command_mark(self, tag: str, fields: dict[str, Any], refused: bool) -> str:
        if refused:
            return "" if tag == "sign_head" else "other"
        if tag == "acknowledge":
            return "read back" if fields.get("echo") else "received"
        return MARKS.get(tag, "")

    def _outcome(self, given: Given) -> list[tuple[str, str]]:
        part = given.parts[1]
        if part is None:
            return []
        outcome = read_array(part[1], 5)[2]
        if outcome[0] == "accepted":
            late = dict(zip(self.layout["structs"]["accepted"], outcome[1:])).get("late")  # noqa: B905
            return [("the ledger's answer", "accepted"), *([("marked", "LATE")] if late else [])]
        refused = dict(zip(self.layout["structs"]["refused"], outcome[1:]))  # noqa: B905
        told = f"refused: {refused['reason']} at {refused['field']}, {refused['limit']}"
        return [("the ledger's answer", shown(told))]

    def _fields(
        self, given: Given, tag: str, fields: dict[str, Any]
    ) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        facts: list[tuple[str, str]] = []
        words: list[tuple[str, str]] = []
        for name, value in fields.items():
            if name in PARTS and isinstance(value, int) and not isinstance(value, bool):
                self._attached(given, name, 2 + value, facts, words)
            elif tag == "genesis" and name in ("charter", "founders"):
                facts.append((name, f"{len(value)} rows" if name == "founders" else "as in the bytes"))
            elif name == "cells" and tag == "set_tree":
                facts.append((name, ", ".join(shown(cell[0]) for cell in value)))
            elif name == "change":
                facts.append((name, ", ".join(value_text("", item) for item in value[:3])))
            elif name not in ("rows", "claims") and value not in (None, "", b"", []):
                facts.append((name_text(name), value_text(name, value)))
        return facts, words

    def _attached(
        self, given: Given, name: str, index: int, facts: list[tuple[str, str]], words: list[tuple[str, str]]
    ) -> None:
        part = given.parts[index] if 2 <= index < len(given.parts) else None
        if part is None:
            gone = "erased" if (given.sequence, index) in self.erased else "withheld"
            facts.append((name, gone if 2 <= index < len(given.parts) else "not kept"))
            return
        self._content(given, name, part[1], facts, words)

    def _content(
        self, given: Given, name: str, content: bytes, facts: list[tuple[str, str]], words: list[tuple[str, str]]
    ) -> None:
        value = read_array(content, 1)
        if value[0] == "text":
            words.append((shown(value[1]), shown(value[2])))
        elif value[0] == "volumes":
            facts.append((name, f"{len(value[1])} on the map"))
            for volume in value[1]:
                self._volume(f"entry {given.sequence}", "volume", volume)
        elif value[0] == "aircraft":
            facts.extend(zip(("addresses", "callsigns"), (value_text("", names) for names in value[1:])))  # noqa: B905
        elif value[0] == "about":
            facts.extend((what, shown(text)) for what, text in zip(("label", "note", "contact"), value[1:]) if text)  # noqa: B905
        else:
            facts.append((name, "as in the bytes"))

    def _volume(self, label: str, kind: str, volume: list[Any]) -> None:
        outline, lower_mm, upper_mm, start_us, end_us = volume
        extent = f"{lower_mm / 1000:.0f} to {upper_mm / 1000:.0f} m above WGS 84, {utc(start_us)} to {utc(end_us)}"
        if outline[0] == "c":
            centre = [(outline[1] / 1e9, outline[2] / 1e9)]
            self.shapes.append(Shape(label, kind, centre, outline[3] / 1000, extent))
        else:
            self.shapes.append(Shape(label, kind, _ring(outline[1]), 0.0, extent))

    # told

    def _told(self, given: Given) -> Iterator[Line]:
        for part in given.parts[2:]:
            if part is None or not part[1].startswith(b"\x97\xb2wideberth/notice/1"):
                continue
            _, party, number, _, sequence, time_us, body = read_array(part[1], 7)
            if (sequence, time_us) != (given.sequence, given.time_us):
                continue
            self.parties[party] = None
            for item in read_array(body, 2)[1]:
                yield self._item(given, party, number, item)

    def _item(self, given: Given, party: str, number: int, item: list[Any]) -> Line:
        tag = item[0]
        fields = dict(zip(self.layout["items"].get(tag, ()), item[1:]))  # noqa: B905
        facts: list[tuple[str, str]] = [("notice", str(number))]
        words: list[tuple[str, str]] = []
        if tag == "alert":
            what, told = told_of_alert(fields, value_text("closest_us", fields["closest_us"]))
            marks = {"passed": "other", "lost": "other", "acknowledged": ""}
            self._mark(given, party, marks.get(fields["what"], "alert"))
            return Line("told", party, what, [*facts, *told], words)
        for name, value in fields.items():
            if name in ("text", "shared") and isinstance(value, bytes):
                content = self.contents.get(value)
                if content is None:
                    facts.append((name, "not shown here"))
                else:
                    self._content(given, name, content, facts, words)
            elif name == "places":
                self._places(given, value, facts)
            elif value not in (None, "", b"", [], False, 0):
                facts.append((name_text(name), value_text(name, value)))
        self._mark(given, party, self._item_mark(tag, fields))
        return Line("told", party, TOLD_AS.get(tag, shown(tag)), facts, words)

    def _item_mark(self, tag: str, fields: dict[str, Any]) -> str:
        if tag == "reach":
            reach = {"received": "received", "read-back": "read back", "rejected": "reject"}.get(fields["reach"], "")
            return "effective" if fields["effective"] else reach
        if tag == "message":
            return "STOP" if fields["kind"] == "stop" else "sent"
        if tag == "message-state":
            return "cancel" if fields["what"] == "cancelled" else "other"
        return MARKS.get(tag, "")

    def _places(self, given: Given, value: Any, facts: list[tuple[str, str]]) -> None:
        """Places of a conflict: columns (which outline, rings, figures), or one by one where concurrence is asked."""
        if not value or not isinstance(value[0], bytes):
            facts.append(("places", f"{len(value)}"))
            return
        _, rings, rows = value
        figures = list(iter_unpack("<8q", rows))
        for index, row in enumerate(figures[:20]):
            lower_mm, upper_mm, start_us, end_us, horizontal_mm, vertical_mm, lat_nd, lon_nd = row
            facts.append((f"place {index + 1}", f"{lat_nd / 1e9:.6f}, {lon_nd / 1e9:.6f}"))
            apart = f"{horizontal_mm / 1000:.1f} m apart, {vertical_mm / 1000:.1f} m in height (0 or less: overlap)"
            facts.append((f"place {index + 1} how near", apart))
            extent = f"{lower_mm / 1000:.0f} to {upper_mm / 1000:.0f} m, {utc(start_us)} to {utc(end_us)}"
            label = f"entry {given.sequence}"
            drawn = rings[index] if index < len(rings) else []
            outlines = [_ring(ring) for ring in drawn] or [[(lat_nd / 1e9, lon_nd / 1e9)]]
            self.shapes.extend(Shape(label, "place", ring, 0.0, extent) for ring in outlines)
        if len(figures) > 20:
            facts.append(("further places", f"{len(figures) - 20}, in the bytes"))

    def _mark(self, given: Given, party: str, what: str) -> None:
        if what:
            self.marks.append(Mark(given.time_us, party or "ledger", what, given.sequence))


def _ring(flat: list[int]) -> list[tuple[float, float]]:
    return [(lat / 1e9, lon / 1e9) for lat, lon in zip(flat[0::2], flat[1::2])]  # noqa: B905  of one length
