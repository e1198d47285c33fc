"""What a party may see of its register: its own protected places and movements, each with what is to be said of it.

In:  the state and the reader.
Out: values ready for JSON. Of another's register there is no view: it shows in conflicts alone, as a cell.
"""

from wideberth.party.command import About
from wideberth.party.envelope import decode_part
from wideberth.party.registers import Details, Fix, Itinerary, Origin
from wideberth.space.units import mm_to_m
from wideberth.theatre.rows import Held, Movement, Thing
from wideberth.theatre.shown import AsOf, Shown, Volume, id_text, position, time_or_none, time_text, volume
from wideberth.theatre.state import State


class SourceNow(Shown, frozen=True):
    """Who says where a place is; `at` is [longitude, latitude]."""

    who: str
    how: str
    time: str
    at: tuple[float, float]
    accuracy_m: float


class CheckpointNow(Shown, frozen=True):
    """A checkpoint; name and place are null where they were destroyed, `passed` until it is."""

    name: str | None
    at: tuple[float, float] | None
    time: str
    tolerance_s: float
    passed: str | None


class SeenNow(Shown, frozen=True):
    """Where a movement was last."""

    at: tuple[float, float]
    accuracy_m: float
    time: str


class MovementNow(Shown, frozen=True):
    """A movement as it stands: notified, under-way, overdue, off-route, arrived, ended."""

    state: str
    emergency: bool
    late: bool
    next: int | None
    due: str | None
    checkpoints: tuple[CheckpointNow, ...]
    contacts: tuple[str, ...]
    vehicles: str | None
    markings: str | None
    guards: str | None
    seen: SeenNow | None


class EntryNow(Shown, frozen=True):
    """An entry of the reader's register. `flags`: "past-review", "single-source", "disputed", "late", "overdue",
    "off-route". None of them costs it its protection."""

    id: str
    what: str
    kind: str
    version: int
    live: bool
    flags: tuple[str, ...]
    label: str | None
    note: str | None
    contact: str | None
    whose: str | None
    partner: str | None
    sources: tuple[SourceNow, ...]
    verifier: str | None
    verified: str | None
    review_by: str | None
    volumes: tuple[Volume, ...]
    start: str
    end: str
    position: int
    movement: MovementNow | None


class Registers(Shown, frozen=True):
    """The reader's register, by start."""

    as_of: AsOf
    entries: tuple[EntryNow, ...]


def registers(state: State, reader: str, as_of: AsOf) -> Registers:
    """The entries of a reader, those that ended a day ago at most among them."""
    mine = [thing for thing in state.things.values() if thing.owner == reader and thing.what == "protected"]
    mine.sort(key=lambda thing: (not thing.live, thing.start_us, thing.id))
    return Registers(as_of, tuple(_entry(state, thing) for thing in mine))


def flags_now(state: State, thing: Thing) -> tuple[str, ...]:
    """What is to be said of an entry, the most pressing first."""
    row = state.movements.get(thing.ref)
    flags = [row.state.value] if row is not None and row.state in ("overdue", "off-route") else []
    if row is not None and row.late:
        flags.append("late")
    if thing.live and 0 < thing.review_by_us <= state.time_us:
        flags.append("past-review")
    return (*flags, *thing.flags)


def _part(held: Held | None) -> object:
    return decode_part(held.content) if held is not None and held.content is not None else None


def _entry(state: State, thing: Thing) -> EntryNow:
    row, described, origin = state.movements.get(thing.ref), _part(thing.about), _part(thing.origin)
    about = described if isinstance(described, About) else About("")
    said = origin if isinstance(origin, Origin) else None
    return EntryNow(
        id_text(thing.id),
        "place" if row is None else "movement",
        thing.kind,
        thing.version,
        thing.live,
        flags_now(state, thing),
        about.label or None,
        about.note or None,
        about.contact or None,
        said.whose if said is not None else None,
        (said.partner or None) if said is not None else None,
        tuple(
            SourceNow(s.who, s.how, time_text(s.time_us), position(s.lat_nd, s.lon_nd), mm_to_m(s.accuracy_mm))
            for s in (said.sources if said is not None else ())
        ),
        thing.verifier or None,
        time_or_none(thing.verified_us),
        time_or_none(thing.review_by_us),
        tuple(volume(v) for v in state.volumes_of(thing.ref)),
        time_text(thing.start_us),
        time_text(thing.end_us),
        thing.planned_seq,
        _movement(row) if row is not None else None,
    )


def _movement(row: Movement) -> MovementNow:
    details, fix = _part(row.details), _part(row.fix)
    known = details if isinstance(details, Details) else Details(("", ""))
    seen = None
    if isinstance(fix, Fix):
        seen = SeenNow(position(fix.lat_nd, fix.lon_nd), mm_to_m(fix.accuracy_mm), time_text(row.fix_us))
    return MovementNow(
        row.state,
        row.emergency,
        row.late,
        row.next if row.next < len(row.stops) and not row.over else None,
        time_or_none(row.due_us),
        _checkpoints(row),
        tuple(contact for contact in known.contacts if contact),
        known.vehicles or None,
        known.markings or None,
        known.guards or None,
        seen,
    )


def _checkpoints(row: Movement) -> tuple[CheckpointNow, ...]:
    itinerary = _part(row.itinerary)
    named = itinerary.checkpoints if isinstance(itinerary, Itinerary) else ()
    found: list[CheckpointNow] = []
    for i, (time_us, tolerance_us) in enumerate(row.stops):
        stop = named[i] if i < len(named) else None
        passed = time_or_none(row.passed[i]) if i < len(row.passed) else None
        where = position(stop.lat_nd, stop.lon_nd) if stop is not None else None
        name = stop.name if stop is not None else None
        found.append(CheckpointNow(name, where, time_text(time_us), tolerance_us / 1e6, passed))
    return tuple(found)
