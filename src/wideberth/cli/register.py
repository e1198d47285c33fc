"""A party's register from the command line: add and list entries, review them, report movements, check a plan.

In:  a watch key, a node; a file in TOML or JSON that describes a place or a movement, with its volumes in GeoJSON.
Out: the entry and what is to be said of it, as a table or as JSON.
Refuses a file that cannot be read, with the member that is wrong; the node's refusals are printed as they are.
An entry is notified. Nobody is asked for leave, and none that is late or incomplete loses its protection.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

from cyclopts import Parameter

from wideberth.cli.cells import JsonOut, read
from wideberth.cli.charters import Form
from wideberth.cli.check import read_sources
from wideberth.cli.out import FOUND, Stop, accepted, row, say, say_json, show, some, table
from wideberth.cli.plan import id_of
from wideberth.cli.reach import URL, Authority, KeyFile, Url, expected, reaching
from wideberth.client import Answer, Client, Problem
from wideberth.client.registers import Entry, Register
from wideberth.client.roster import Theatre
from wideberth.intake.bounds import Bounds
from wideberth.intake.coordinates import Form as Written
from wideberth.intake.coordinates import parse
from wideberth.intake.operation import PlannedOperation
from wideberth.intake.times import parse_time
from wideberth.party.command import About, PlaceKind
from wideberth.party.registers import Checkpoint, Details, Origin, Source, Whose
from wideberth.space.units import deg_to_nd, m_to_mm, us_to_time

SAID: Final = {
    "overdue": "OVERDUE",
    "off-route": "OFF ROUTE",
    "late": "LATE",
    "past-review": "past its review",
    "single-source": "single source",
    "disputed": "DISPUTED",
}


class SourceForm(Form, frozen=True):
    """Who says where it is; `position` is read in `form` and in no other."""

    who: str
    how: str
    time: str
    position: str
    form: Written = Written.DECIMAL
    accuracy_m: float = 0.0


class CheckpointForm(Form, frozen=True):
    """Where a movement is to be at a time."""

    name: str
    position: str
    time: str
    form: Written = Written.DECIMAL
    tolerance_min: float = 15.0


class EntryForm(Form, frozen=True):
    """A place or, with checkpoints, a movement. `volumes` is a GeoJSON file beside this one."""

    name: str
    volumes: str
    kind: PlaceKind = PlaceKind.PLACE
    note: str = ""
    contact: str = ""
    whose: Whose = Whose.OWN
    partner: str = ""
    sources: tuple[SourceForm, ...] = ()
    verifier: str = ""
    verified: str = ""
    review_by: str = ""
    checkpoints: tuple[CheckpointForm, ...] = ()
    contacts: tuple[str, ...] = ()
    vehicles: str = ""
    markings: str = ""
    guards: str = ""
    emergency: bool = False


def add(
    file: Annotated[Path, Parameter(help="TOML or JSON of a place or a movement.")],
    /,
    *,
    key: KeyFile,
    url: Url = URL,
    authority: Authority = None,
    json: JsonOut = False,
) -> None:
    """Notify a protected place, an own or a partner's post, or a movement; the same name again is its next version.

    The file says name, kind, volumes (a GeoJSON file beside it), verifier, verified, review_by, whose (own, partner,
    others), partner, and [[sources]] with who, how, time, position, form and accuracy_m: two that are independent, or
    it is flagged. A movement has [[checkpoints]] (name, position, time, tolerance_min) and two contacts instead of a
    review, and may say vehicles, markings, guards and emergency. Nothing here asks for leave.

    Example: wideberth register add clinic.toml --key ohm-desk1.key
    """
    form = read(file, EntryForm)
    with reaching(url, key, authority) as client:
        theatre = expected(client.theatre())
        operation = _volumes(file.parent / form.volumes, theatre)
        entry_id = id_of(client.party, f"register/{form.name}")
        register = Register(client)
        old = _find(register, entry_id)
        replaces = old.version if old is not None and old.live else 0
        answer = expected(_file(register, form, operation, entry_id, replaces, str(file)))
        filed = _find(register, entry_id)
    assert filed is not None, "it was filed"
    if json:
        say_json({"id": filed.id, "version": filed.version, "position": answer.position, "flags": filed.flags})
        return
    late = "LATE. " if answer.late else ""
    flags = "".join(f" {SAID[flag]}." for flag in filed.flags if flag != "late")
    say(f"{late}{form.name} is notified, version {answer.version}. Entry {answer.position}.{flags}")
    say(answer.statement)


def _volumes(path: Path, theatre: Theatre) -> PlannedOperation:
    """What is drawn in a file, as one thing."""
    sources = read_sources([path], Bounds(*(deg_to_nd(value) for value in theatre.charter["bounds"])))
    if len(sources) != 1:
        raise Stop(f"{path} has {some(len(sources), 'thing')}; give all its features one id.")
    return sources[0].operation


def _find(register: Register, entry_id: bytes) -> Entry | None:
    entries = expected(register.entries()).entries
    return next((entry for entry in entries if entry.id.bytes == entry_id), None)


def _file(
    register: Register, form: EntryForm, operation: PlannedOperation, entry_id: bytes, replaces: int, name: str
) -> Answer | Problem:
    about = About(form.name, form.note, form.contact)
    sources = tuple(_source(row, f"{name}: sources[{i}]") for i, row in enumerate(form.sources))
    origin = Origin(form.whose, form.partner, sources)
    if not form.checkpoints:
        return register.protect(
            entry_id,
            form.kind,
            operation.volumes,
            verifier=form.verifier,
            verified=_time(form.verified, f"{name}: verified"),
            review_by=_time(form.review_by, f"{name}: review_by"),
            origin=origin,
            about=about,
            replaces=replaces,
        )
    if len(form.contacts) != 2:
        raise Stop(f'{name}: a movement has two contacts, as contacts = ["...", "..."].')
    stops = [_checkpoint(row, f"{name}: checkpoints[{i}]") for i, row in enumerate(form.checkpoints)]
    details = Details((form.contacts[0], form.contacts[1]), form.vehicles, form.markings, form.guards)
    return register.move(
        entry_id,
        operation.volumes,
        stops,
        details,
        emergency=form.emergency,
        origin=origin,
        about=about,
        replaces=replaces,
    )


def _time(text: str, field: str) -> datetime:
    return us_to_time(accepted(parse_time(text, field)))


def _source(form: SourceForm, field: str) -> Source:
    where = accepted(parse(form.position, form.form, f"{field}.position"))
    accuracy_mm = max(m_to_mm(form.accuracy_m), where.accuracy_mm)
    time_us = accepted(parse_time(form.time, f"{field}.time"))
    return Source(form.who, form.how, time_us, where.lat_nd, where.lon_nd, accuracy_mm)


def _checkpoint(form: CheckpointForm, field: str) -> Checkpoint:
    where = accepted(parse(form.position, form.form, f"{field}.position"))
    time_us = accepted(parse_time(form.time, f"{field}.time"))
    return Checkpoint(form.name, where.lat_nd, where.lon_nd, time_us, round(form.tolerance_min * 60_000_000))


def listing(*, key: KeyFile, url: Url = URL, authority: Authority = None, json: JsonOut = False) -> int:
    """List the party's register, with what is to be said of each entry.

    Ends with 1 where a movement is overdue or off its route, or an entry is past its review or disputed.

    Example: wideberth register list --key ohm-desk1.key
    """
    with reaching(url, key, authority) as client:
        found = expected(Register(client).entries())
    if json:
        say_json(found)
    else:
        _show(found.entries)
        say()
        say(f"{some(len(found.entries), 'entry', 'entries')}, as of position {found.as_of.position}.")
    pressing = {"overdue", "off-route", "past-review", "disputed"}
    return FOUND if any(pressing & set(entry.flags) for entry in found.entries if entry.live) else 0


def _show(entries: Sequence[Entry]) -> None:
    made = table("name", "kind", "whose", "state", "next", "to be said")
    for entry in entries:
        moving = entry.movement
        state = moving.state if moving is not None else "stands" if entry.live else "ended"
        said = ", ".join(SAID[flag] for flag in entry.flags)
        whose = entry.partner or entry.whose or ""
        row(made, entry.label or str(entry.id), entry.kind, whose, state, _next(entry), said)
    show(made)


def _next(entry: Entry) -> str:
    """What is waited for: a checkpoint, or the review."""
    moving = entry.movement
    if moving is None:
        return f"review by {entry.review_by:%Y-%m-%d}" if entry.review_by is not None else ""
    if moving.next is None:
        return ""
    stop = moving.checkpoints[moving.next]
    return f"{stop.name or 'a checkpoint'} {stop.time.astimezone(UTC):%Y-%m-%d %H:%MZ}"


Name = Annotated[str, Parameter(help="The name it was added by, or its id.")]
At = Annotated[str, Parameter(help="When, RFC 3339 with zone; now by default.")]


def _named(client: Client, register: Register, name: str) -> Entry:
    """An entry by the name of its file, or its id."""
    wanted = id_of(client.party, f"register/{name}")
    entries = expected(register.entries()).entries
    found = [e for e in entries if e.id.bytes == wanted or str(e.id) == name]
    if not found:
        raise Stop(f"There is no {name!r} in your register. See: wideberth register list")
    return found[0]


def review(
    name: Name,
    /,
    *,
    key: KeyFile,
    verifier: Annotated[str, Parameter(help="Who looked.")],
    days: Annotated[float, Parameter(help="Until the next review.")] = 30.0,
    url: Url = URL,
    authority: Authority = None,
) -> None:
    """Say that a place was looked at again and is where it was.

    Example: wideberth register review "North clinic" --verifier OCHA --days 14 --key ohm-desk1.key
    """
    with reaching(url, key, authority) as client:
        register = Register(client)
        entry, now = _named(client, register, name), expected(client.theatre()).as_of.time
        until = now + timedelta(days=days)
        answer = register.review_place(entry.id, entry.version, verifier=verifier, verified=now, review_by=until)
        say(f"{name}: next review by {until:%Y-%m-%d}. Entry {expected(answer).position}.")


def passed(
    name: Name,
    checkpoint: Annotated[str, Parameter(help="The checkpoint's name, or its number from 1.")],
    /,
    *,
    key: KeyFile,
    at: At = "",
    url: Url = URL,
    authority: Authority = None,
) -> None:
    """Report that a movement has passed a checkpoint, and with it those before.

    Example: wideberth register pass "Relief 7" "North bridge" --key ohm-desk1.key
    """
    with reaching(url, key, authority) as client:
        register = Register(client)
        entry = _named(client, register, name)
        number = _number(entry, checkpoint)
        when = _time(at, "--at") if at else datetime.now(UTC)
        answer = expected(register.passed(entry.id, entry.version, number, when))
        _now(client, register, entry, answer)


def _number(entry: Entry, checkpoint: str) -> int:
    if entry.movement is None:
        raise Stop(f"{entry.label} is a place; it has no checkpoints.")
    names = [stop.name for stop in entry.movement.checkpoints]
    if checkpoint in names:
        return names.index(checkpoint)
    if checkpoint.isdecimal() and 1 <= int(checkpoint) <= len(names):
        return int(checkpoint) - 1
    raise Stop(f"There is no checkpoint {checkpoint!r}; there are {', '.join(str(name) for name in names)}.")


def position(
    name: Name,
    where: Annotated[str, Parameter(help="The place, in --form.")],
    /,
    *,
    key: KeyFile,
    form: Annotated[Written, Parameter(help="How the place is written.")] = Written.DECIMAL,
    accuracy_m: Annotated[float, Parameter(help="How far off it may be.")] = 50.0,
    at: At = "",
    url: Url = URL,
    authority: Authority = None,
) -> None:
    """Report where a movement is; off its corridor at that time, all who have a notice about it hear so.

    Example: wideberth register position "Relief 7" "42.0312° -38.0023°" --key ohm-desk1.key
    """
    place = accepted(parse(where, form, "position"))
    with reaching(url, key, authority) as client:
        register = Register(client)
        entry = _named(client, register, name)
        when = _time(at, "--at") if at else datetime.now(UTC)
        accuracy = max(accuracy_m, place.accuracy_mm / 1_000)
        where_deg = (place.lat_nd / 1e9, place.lon_nd / 1e9)
        answer = expected(register.position(entry.id, entry.version, when, *where_deg, accuracy))
        _now(client, register, entry, answer)


def _now(client: Client, register: Register, entry: Entry, answer: Answer) -> None:
    """How the movement stands after a report."""
    after = _named(client, register, str(entry.id))
    state = after.movement.state if after.movement is not None else "stands"
    ahead = _next(after)
    say(f"{entry.label}: {state}{f', next {ahead}' if ahead else ''}. Entry {answer.position}.")


def seen(
    conflict: Annotated[UUID, Parameter(help="The id of the conflict of the plan with the register.")],
    text: Annotated[str, Parameter(help="What was looked at, in words.")],
    /,
    *,
    key: KeyFile,
    url: Url = URL,
    authority: Authority = None,
) -> None:
    """Say as a second person that a plan of the party's own may meet its own register.

    Example: wideberth register seen 0f8a... "The post knows, and stays inside." --key ohm-desk2.key
    """
    with reaching(url, key, authority) as client:
        answer = expected(Register(client).review_meeting(conflict, text))
        say(f"Reviewed. Entry {answer.position}.")


def check(
    file: Annotated[Path, Parameter(help="GeoJSON or F3548-21 JSON of plans.")],
    /,
    *,
    key: KeyFile,
    url: Url = URL,
    authority: Authority = None,
    json: JsonOut = False,
) -> int:
    """Check plans that are not filed against everything, hidden plans and registers included.

    It spends the budgets of checks, stands in the ledger, and whose hidden plan or protected place it meets is told who
    asked. What is shown is what a conflict would show. Ends with 1 where something is met.

    Example: wideberth register check flights.geojson --key has-desk1.key
    """
    with reaching(url, key, authority) as client:
        theatre = expected(client.theatre())
        sources = read_sources([file], Bounds(*(deg_to_nd(value) for value in theatre.charter["bounds"])))
        register, answers = Register(client), list[tuple[str, Answer]]()
        for source in sources:
            plan = source.operation
            asked = register.check_plan(id_of(client.party, plan.id), plan.volumes, plan.kind)
            answers.append((plan.id, expected(asked)))
    if json:
        say_json([{"operation": n, "statement": a.statement, "overlaps": a.overlaps} for n, a in answers])
    else:
        made = table("operation", "other", "what", "severity", "shown as")
        for name, answer in answers:
            for met in answer.overlaps:
                shows = met["places"][0]["shows"] if met["places"] else ""
                row(made, name, met["party"] or "a party that is not named", met["other"], met["severity"], shows)
            say(f"{name}: {answer.statement}")
        if any(answer.overlaps for _, answer in answers):
            say()
            show(made)
    return FOUND if any(answer.overlaps for _, answer in answers) else 0
