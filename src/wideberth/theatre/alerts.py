"""Alerts of the live watch as the ledger keeps them: which aircraft fly a plan, what was warned of, who took it up.

In:  the state, commands of a party or the node's own word (`Warned`); on their way into the state, the same.
Out: an `Outcome` or a Refusal; rows; what a party reads of its alerts.
Refuses: plans and alerts that are not the party's, identities of no known form, alerts that have passed.

Each side learns of its own track and plan, of times and separations, and of the other's party only where the other's
plan is open: what else there is to know shows on the stream while it matters, and is not kept.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from wideberth.limits import (
    AIRCRAFT_MAX,
    ALERTS_OPEN_MAX,
    ENCOUNTER_OLD_US,
    ENCOUNTERS_A_DAY_MAX,
    ENCOUNTERS_MAX,
    ENCOUNTERS_SHOWN_MAX,
    ID_BYTES,
    KEPT_ENDED_US,
    NAME_CHARACTERS_MAX,
)
from wideberth.party.alerts import (
    OVER,
    Aircraft,
    AlertCommand,
    AlertKind,
    FileEncounter,
    SetAircraft,
    Side,
    Warned,
    Warning_,
)
from wideberth.party.command import Disclosure, Text
from wideberth.party.envelope import decode_part
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.units import minute_of, mm_to_m
from wideberth.theatre.alert_items import AlertItem, EncounterItem
from wideberth.theatre.applying import Applying
from wideberth.theatre.filing import Parts, text_part
from wideberth.theatre.outcome import Accepted, Effects, Item, Notice, Outcome, accepted
from wideberth.theatre.rows import AlertRow, EncounterRow, Member
from wideberth.theatre.shown import AsOf, Shown, id_text, time_text
from wideberth.theatre.state import State

_IDENTITY: Final = re.compile(r"[A-Za-z0-9._:/-]+")
DIGEST_BYTES: Final = 32
GRADES: Final = ("A", "B", "C", "D", "E")
DAY_US: Final = 86_400_000_000
TAKEN_UP: Final = "acknowledged"


# deciding


def decide_alert(state: State, member: Member, command: AlertCommand, parts: Parts, now_us: int) -> Outcome | Refusal:
    """Answer what a watch says of aircraft, alerts and encounters."""
    if isinstance(command, SetAircraft):
        return _aircraft(state, member, command, parts)
    if isinstance(command, FileEncounter):
        return _encounter(state, member, command, parts, now_us)
    row = state.alerts.get(command.alert)
    if row is None or member.party not in {side.party for side in row.sides}:
        return refuse(Reason.UNKNOWN, "command.alert", "an alert that concerns you", command.alert.hex())
    if row.stage in OVER:
        return refuse(Reason.WRONG_STATE, "command.alert", "an alert that has not passed", row.stage)
    if member.party in row.acknowledged:
        return refuse(Reason.WRONG_STATE, "command.alert", "an alert that you have not acknowledged", TAKEN_UP)
    result = accepted(Accepted(), Effects())
    result.notices = _told(state, [row.warning()], TAKEN_UP, member.party)
    return result


def _aircraft(state: State, member: Member, command: SetAircraft, parts: Parts) -> Outcome | Refusal:
    thing = state.things.get((member.party, command.operation))
    if thing is None or not thing.live or thing.what != "operation":
        return refuse(Reason.UNKNOWN, "command.operation", "a live plan of yours", command.operation.hex())
    if command.aircraft is None:
        return accepted(Accepted(), Effects(), len(parts))
    part = parts[command.aircraft][0] if 0 <= command.aircraft < len(parts) else None
    if not isinstance(part, Aircraft):
        limit = "the place of an aircraft part among the attached parts"
        return refuse(Reason.PARTS_MISMATCH, "command.aircraft", limit, command.aircraft)
    names = (*part.addresses, *part.callsigns)
    if not 0 < len(names) <= AIRCRAFT_MAX:
        return refuse(Reason.TOO_MANY, "aircraft", f"1 to {AIRCRAFT_MAX} addresses and callsigns", len(names))
    for name in names:
        if len(name) > NAME_CHARACTERS_MAX or not _IDENTITY.fullmatch(name):
            limit = f"1 to {NAME_CHARACTERS_MAX} letters, digits and . _ : / -"
            return refuse(Reason.MALFORMED, "aircraft", limit, name)
    return accepted(Accepted(), Effects(), len(parts))


def _encounter(state: State, member: Member, command: FileEncounter, parts: Parts, now_us: int) -> Outcome | Refusal:
    if len(command.encounter) != ID_BYTES or len(command.digest) != DIGEST_BYTES:
        return refuse(Reason.MALFORMED, "command", f"an id of {ID_BYTES} and a hash of {DIGEST_BYTES} bytes", "others")
    if (member.party, command.encounter) in state.encounters:
        return refuse(Reason.EXISTS, "command.encounter", "an encounter that you have not filed", "filed")
    no = _many(state, member.party)
    if no is not None:
        return no
    if command.grade not in GRADES:
        return refuse(Reason.OUT_OF_RANGE, "command.grade", f"one of {', '.join(GRADES)}", command.grade)
    if not 0 < command.at_us <= now_us:
        return refuse(Reason.TIME_ORDER, "command.at_us", "not after now", command.at_us)
    if command.at_us < now_us - ENCOUNTER_OLD_US:
        limit = f"at most {ENCOUNTER_OLD_US // DAY_US} days ago"
        return refuse(Reason.OUT_OF_RANGE, "command.at_us", limit, time_text(command.at_us))
    for party in command.to:
        if party == member.party or state.active(party) is None:
            return refuse(Reason.UNKNOWN, "command.to", "other members of this theatre", party)
    no = text_part(parts, command.text, "command.text")
    if no is not None:
        return no
    text = parts[command.text][1] if command.text is not None else None
    item = EncounterItem(command.encounter, member.party, command.grade, command.at_us, command.digest, text)
    result = accepted(Accepted(), Effects(), len(parts))
    result.notices = [(party, Notice((item,))) for party in sorted({*command.to, member.party})]
    return result


def _many(state: State, party: str) -> Refusal | None:
    """Whether a party has filed as many encounters as it may, in all or within a day."""
    mine = [row.time_us for row in state.encounters.values() if row.party == party]
    today = sum(time_us > state.time_us - DAY_US for time_us in mine)
    if len(mine) >= ENCOUNTERS_MAX:
        return refuse(Reason.TOO_MANY, "command", f"at most {ENCOUNTERS_MAX} encounters a party", len(mine) + 1)
    if today >= ENCOUNTERS_A_DAY_MAX:
        return refuse(Reason.TOO_MANY, "command", f"at most {ENCOUNTERS_A_DAY_MAX} encounters a day", today + 1)
    return None


def decide_warned(state: State, command: Warned) -> Outcome:
    """What the node told of: each side's notice of it."""
    result = accepted(Accepted(), Effects())
    result.notices = _told(state, command.warnings)
    return result


def _told(state: State, warnings: "tuple[Warning_, ...] | list[Warning_]", what: str = "", by: str = "") -> "Notices":
    items: dict[str, list[Item]] = {}
    for warning in warnings:
        for side in warning.sides:
            if side.party and state.active(side.party) is not None:
                item = _item(state, warning, side, _other(warning.sides, side), what or warning.stage.value, by)
                items.setdefault(side.party, []).append(item)
    return [(party, Notice(tuple(items[party]))) for party in sorted(items)]


Notices = list[tuple[str, Notice]]


def _item(state: State, warning: Warning_, own: Side, other: Side | None, what: str, by: str) -> AlertItem:
    head = (warning.alert, _kind(state, warning, own), what, own.operation, own.track, named(state, other))
    measured = (warning.closest_us, warning.horizontal_mm, warning.vertical_mm)
    shown_by = by if by in ("", own.party) or by == named(state, other) else "the other side"
    return AlertItem(*head, *measured, warning.doubtful, shown_by)


def _other(sides: Sequence[Side], own: Side) -> Side | None:
    """The side that one meets: with a plan where one of them has; a party that watches all has none."""
    rest = [side for side in sides if side is not own]
    return next((side for side in rest if side.operation), rest[0] if rest else None)


def named(state: State, other: Side | None) -> str:
    """The other's party, where its plan is open; else empty."""
    thing = state.things.get((other.party, other.operation)) if other is not None else None
    return thing.owner if thing is not None and thing.disclosure == Disclosure.OPEN else ""


def _hidden(state: State, alert: "Warning_ | AlertRow", own: Side) -> bool:
    """Whether a side that flies comes towards a thing that is not its to know."""
    things = [side for side in alert.sides if side is not own and side.operation and not side.track]
    return alert.kind is not AlertKind.PAIR and bool(own.track) and any(not named(state, side) for side in things)


def _kind(state: State, alert: "Warning_ | AlertRow", own: Side) -> str:
    """What an alert is of; all that is hidden is an entry."""
    return (AlertKind.ENTRY if _hidden(state, alert, own) else alert.kind).value


# writing


def apply_alert(at: Applying, command: AlertCommand) -> None:
    """Write what a watch says."""
    if isinstance(command, SetAircraft):
        thing = at.state.things[(at.party, command.operation)]
        thing.aircraft = at.held_or_none(command.aircraft)
        at.state.touch("thing", thing.ref)
        return
    if isinstance(command, FileEncounter):
        head = (at.party, command.encounter, command.digest, command.grade, command.at_us, command.to, at.time_us)
        filed = at.state.encounters[(at.party, command.encounter)] = EncounterRow(*head, at.held_or_none(command.text))
        at.state.touch("encounter", filed.ref)
        return
    row = at.state.alerts[command.alert]
    row.acknowledged = (*row.acknowledged, at.party)
    at.state.touch("alert", command.alert)


def warned(state: State, command: Warned) -> None:
    """Keep what was warned of; what passed a day ago is dropped."""
    for warning in command.warnings:
        old = state.alerts.get(warning.alert)
        again = old is not None and old.stage in OVER and warning.stage not in OVER
        state.alerts[warning.alert] = AlertRow(
            warning.alert,
            warning.kind,
            warning.stage,
            warning.sides,
            old.since_us if old is not None else warning.at_us,
            warning.at_us,
            warning.closest_us,
            warning.horizontal_mm,
            warning.vertical_mm,
            warning.doubtful,
            old.acknowledged if old is not None and not again else (),
        )
        state.touch("alert", warning.alert)
    over = [a.id for a in state.alerts.values() if a.at_us + KEPT_ENDED_US < state.time_us]
    over += [a.id for a in list(state.alerts.values())[: max(0, len(state.alerts) - ALERTS_OPEN_MAX)]]
    for alert in dict.fromkeys(over):
        del state.alerts[alert]
        state.touch("alert", alert)


# reading


class AlertTold(Shown, frozen=True, tag_field="kind", tag="alert"):
    """The same for people."""

    what: str
    alert: str
    of: str
    operation: str | None
    track: str
    other: str | None
    closest: str
    horizontal_m: float
    vertical_m: float
    doubtful: bool
    by: str | None


def alert_told(item: AlertItem) -> AlertTold:
    """An alert in units for people."""
    return AlertTold(
        item.what,
        id_text(item.alert),
        item.kind,
        id_text(item.operation) if item.operation else None,
        item.track,
        item.other or None,
        time_text(item.closest_us),
        mm_to_m(item.horizontal_mm),
        mm_to_m(item.vertical_mm),
        item.doubtful,
        item.by or None,
    )


class EncounterTold(Shown, frozen=True, tag_field="kind", tag="encounter"):
    """Somebody filed its version of an encounter."""

    encounter: str
    party: str
    grade: str
    at: str
    digest: str
    text: str | None


def encounter_told(item: EncounterItem, texts: Callable[[bytes], str | None]) -> EncounterTold:
    """A version of an encounter in words and units for people."""
    head = (id_text(item.encounter), item.party, item.grade, time_text(item.at_us), item.digest.hex())
    return EncounterTold(*head, texts(item.text) if item.text is not None else None)


class Filed(Shown, frozen=True):
    """One party's version of an encounter."""

    encounter: str
    party: str
    grade: str
    at: str
    digest: str
    filed: str
    text: str | None


class Encounters(Shown, frozen=True):
    """Encounters that the reader filed or was told of; versions of one stand side by side, and none is preferred."""

    as_of: AsOf
    encounters: tuple[Filed, ...]
    """The latest 1,000 at most."""
    total: int
    """How many there are."""


def encounters(state: State, reader: str, as_of: AsOf) -> Encounters:
    """What a party reads of encounters, the latest first."""
    rows = [row for row in state.encounters.values() if reader in (row.party, *row.to)]
    latest: dict[bytes, int] = {}
    for row in rows:
        latest[row.id] = max(row.at_us, latest.get(row.id, 0))
    rows.sort(key=lambda row: (-latest[row.id], row.id, row.party))
    return Encounters(as_of, tuple(_filed(row) for row in rows[:ENCOUNTERS_SHOWN_MAX]), len(rows))


def _filed(row: EncounterRow) -> Filed:
    part = decode_part(row.text.content) if row.text is not None and row.text.content is not None else None
    text = part.text if isinstance(part, Text) else None
    head = (id_text(row.id), row.party, row.grade, time_text(row.at_us), row.digest.hex(), time_text(row.time_us))
    return Filed(*head, text)


class AlertNow(Shown, frozen=True):
    """An alert as the ledger has it, for one of its sides."""

    id: str
    kind: str
    stage: str
    operation: str | None
    track: str
    other: str | None
    since: str
    closest: str
    horizontal_m: float
    vertical_m: float
    doubtful: bool
    acknowledged: bool
    acknowledged_by_other: bool


class Alerts(Shown, frozen=True):
    """The reader's alerts of the last day, the latest first."""

    as_of: AsOf
    alerts: tuple[AlertNow, ...]


def alerts(state: State, reader: str, as_of: AsOf) -> Alerts:
    """What a party reads of its alerts."""
    rows = sorted(state.alerts.values(), key=lambda row: -row.at_us)
    return Alerts(as_of, tuple(_now(state, reader, row) for row in rows if reader in {s.party for s in row.sides}))


def _now(state: State, reader: str, row: AlertRow) -> AlertNow:
    own = next(side for side in row.sides if side.party == reader)
    other = _other(row.sides, own)
    since_us = minute_of(row.since_us) if _hidden(state, row, own) else row.since_us
    return AlertNow(
        id_text(row.id),
        _kind(state, row, own),
        row.stage,
        id_text(own.operation) if own.operation else None,
        own.track,
        named(state, other) or None,
        time_text(since_us),
        time_text(row.closest_us),
        mm_to_m(row.horizontal_mm),
        mm_to_m(row.vertical_mm),
        row.doubtful,
        reader in row.acknowledged,
        any(party != reader for party in row.acknowledged),
    )


Ref = tuple[str, bytes]


Named = dict[str, tuple[Ref, ...]]


def aircraft_of(state: State, counts: Callable[[Ref], bool] = lambda _: True) -> tuple[Named, Named]:
    """By address, and by callsign where a plan gives no address, the live plans that name it, in the order of their
    filing; those that `counts` takes. Addresses in small letters, callsigns in capitals."""
    addresses, callsigns = Named(), Named()
    for thing in state.things.values():
        if thing.aircraft is None or thing.aircraft.content is None or not thing.live or not counts(thing.ref):
            continue
        part = decode_part(thing.aircraft.content)
        assert isinstance(part, Aircraft)
        for name in part.addresses:
            addresses[name.lower()] = (*addresses.get(name.lower(), ()), thing.ref)
        for name in () if part.addresses else part.callsigns:
            callsigns[name.upper()] = (*callsigns.get(name.upper(), ()), thing.ref)
    return addresses, callsigns
