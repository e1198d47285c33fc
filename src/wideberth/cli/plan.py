"""`wideberth plan`: file the operations of a document in a theatre.

In:  a file of plans, a node, a watch key.
Out: for each operation where it stands and which conflicts it opened; exit status 1 where it opened any.
Refuses (exit status 2) what cannot be read, what the file says is another party's, and what the theatre refuses; what
was filed before a refusal stands, and is printed.
"""

import hashlib
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from wideberth.cli.check import read_sources
from wideberth.cli.out import FOUND, Stop, row, say, say_json, show, some, table, tracked
from wideberth.cli.reach import URL, Authority, KeyFile, Url, expected, reaching
from wideberth.client import Answer, Client
from wideberth.client.wire import Conflict
from wideberth.intake.bounds import Bounds
from wideberth.intake.plans import PlannedOperation
from wideberth.party.charter import TrafficClass
from wideberth.party.command import Disclosure, Domain
from wideberth.space.units import deg_to_nd


def plan(
    file: Annotated[Path, Parameter(help="GeoJSON or F3548-21 JSON of the operations.")],
    *,
    key: KeyFile,
    url: Url = URL,
    authority: Authority = None,
    disclosure: Annotated[Disclosure, Parameter(help="Who sees the plans.")] = Disclosure.CONFLICT_ONLY,
    shared: Annotated[str, Parameter(help="Text that goes along to the peer of a conflict.")] = "",
    all_mine: Annotated[bool, Parameter(negative="", help="File as mine what the file says is others'.")] = False,
    json: Annotated[bool, Parameter(negative="", help="Print JSON.")] = False,
) -> int:
    """File every operation of a file, and print the conflicts that this opened.

    An operation keeps its id: the same file filed again by the same party is its next version, and a run that was cut
    can be repeated. Ends with 1 where a conflict was opened.

    Example: wideberth plan flights.geojson --key has-desk1.key --url https://theatre.example:8080
    """
    with reaching(url, key, authority) as client:
        theatre = expected(client.theatre())
        sources = read_sources([file], Bounds(*(deg_to_nd(value) for value in theatre.charter["bounds"])))
        operations = [source.operation for source in sources]
        if not all_mine:
            mine = {client.party, *(row.name for row in theatre.parties if row.party == client.party)}
            _check_mine(operations, mine, file)
        filed: list[tuple[PlannedOperation, Answer]] = []
        try:
            for operation in tracked(operations, "filing", len(operations)):
                filed.append((operation, _file_named(client, operation, disclosure, shared)))
        finally:
            if json:
                say_json([_json(operation, answer, client.party) for operation, answer in filed])
            elif filed:
                _print(filed, client.party, len(operations))
    return FOUND if any(answer.conflicts for _, answer in filed) else 0


def _check_mine(operations: list[PlannedOperation], mine: set[str], file: Path) -> None:
    """Nobody files another's plans as his own without saying so."""
    others = sorted({o.party for o in operations if o.party} - mine)
    if others:
        names = ", ".join(others[:10]) + (f" and {len(others) - 10} more" if len(others) > 10 else "")
        who = " or ".join(sorted(mine))
        raise Stop(f"{file} has plans of {names}; the key is of {who}. With --all-mine all are filed as its own.")


def _file_named(client: Client, operation: PlannedOperation, disclosure: Disclosure, shared: str) -> Answer:
    """File one operation; what refuses it names it."""
    try:
        return file_one(client, operation, disclosure, shared)
    except Stop as stop:
        raise Stop(f"{operation.id} was not filed, nor what follows it: {stop}", stop.status) from stop


def file_one(client: Client, operation: PlannedOperation, disclosure: Disclosure, shared: str) -> Answer:
    """File one operation, as its next version where it is there already."""
    operation_id = id_of(client.party, operation.id)
    found = client.operation(operation_id)
    answer = client.plan(
        operation_id,
        operation.volumes,
        replaces=getattr(found, "version", 0),
        priority=operation.priority,
        domain=domain_of(operation.kind),
        crewed=operation.kind is not TrafficClass.DRONE,
        activity=operation.activity,
        disclosure=disclosure,
        label=operation.id,
        shared=shared,
    )
    return expected(answer)


def id_of(party: str, name: str) -> bytes:
    """The id of an operation that goes by a name in its owner's files: the same name, the same operation."""
    return hashlib.sha256(f"wideberth/plan/{party}/{name}".encode()).digest()[:16]


def domain_of(kind: TrafficClass) -> Domain:
    """Where a class moves."""
    return Domain.AIR if kind in (TrafficClass.CREWED_AIR, TrafficClass.DRONE) else Domain(kind.value)


def _print(filed: list[tuple[PlannedOperation, Answer]], party: str, wanted: int) -> None:
    rows = table("operation", "#version", "#entry", "conflicts")
    for operation, answer in filed:
        names = ", ".join(f"{c.label} with {_peer(c, party)}" for c in answer.conflicts)
        late = "LATE. " if answer.late else ""
        row(rows, operation.id, answer.version, answer.position, f"{late}{names or 'no known conflict'}")
    show(rows)
    opened = sum(len(answer.conflicts) for _, answer in filed)
    count = f"{some(len(filed), 'operation')} filed" if len(filed) == wanted else f"{len(filed)} of {wanted} filed"
    say()
    if len(filed) == 1:
        say(f"{count}. {filed[0][1].statement}")
    else:
        said = some(opened, "known conflict") if opened else "no known conflict"
        at = filed[-1][1]
        last = f"the last at entry {at.position}, {at.time.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
        say(f"{count}, {said}; each was checked against all that was live at its entry, {last}.")


def _peer(conflict: Conflict, party: str) -> str:
    if conflict.other.party == party:
        return f"your own {conflict.other.label or 'plan'}, {conflict.severity}, blocks nothing"
    return f"{conflict.other.name or 'a party that is not named'}, {conflict.severity}"


def _json(operation: PlannedOperation, answer: Answer, party: str) -> dict[str, Any]:
    return {
        "operation": operation.id,
        "version": answer.version,
        "position": answer.position,
        "time": answer.time,
        "late": answer.late,
        "statement": answer.statement,
        "conflicts": [
            {"id": c.id, "label": c.label, "severity": c.severity, "party": c.other.party, "settle_by": c.settle_by}
            | {"own_pair": c.other.party == party}
            for c in answer.conflicts
        ],
    }
