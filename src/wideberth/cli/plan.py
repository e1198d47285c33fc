"""`wideberth plan`: file the operations of a document in a theatre.

In:  a file of plans, a node, a watch key.
Out: for each operation where it stands and which conflicts it opened; exit status 1 where it opened any.
Refuses (exit status 2) what cannot be read and what the theatre refuses; what was filed before a refusal stands.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from wideberth.cli.check import read_sources
from wideberth.cli.out import FOUND, row, say, say_json, show, some, table, tracked
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
    json: Annotated[bool, Parameter(negative="", help="Print JSON.")] = False,
) -> int:
    """File every operation of a file, and print the conflicts that this opened.

    An operation keeps its id: the same file filed again by the same party is its next version, and a run that was cut
    can be repeated. Ends with 1 where a conflict was opened.

    Example: wideberth plan flights.geojson --key has-desk1.key --url https://theatre.example:8080
    """
    with reaching(url, key, authority) as client:
        bounds = expected(client.theatre()).charter["bounds"]
        sources = read_sources([file], Bounds(*(deg_to_nd(value) for value in bounds)))
        operations = [source.operation for source in sources]
        filed = [(o, file_one(client, o, disclosure, shared)) for o in tracked(operations, "filing", len(operations))]
    if json:
        say_json([_json(operation, answer) for operation, answer in filed])
    else:
        _print(filed)
    return FOUND if any(answer.conflicts for _, answer in filed) else 0


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


def _print(filed: list[tuple[PlannedOperation, Answer]]) -> None:
    rows = table("operation", "#version", "#entry", "conflicts")
    for operation, answer in filed:
        names = ", ".join(f"{c.label} with {_peer(c)}, {c.severity}" for c in answer.conflicts)
        late = "LATE. " if answer.late else ""
        row(rows, operation.id, answer.version, answer.position, f"{late}{names or 'no known conflict'}")
    show(rows)
    opened = sum(len(answer.conflicts) for _, answer in filed)
    count = f"{some(len(filed), 'operation')} filed"
    say()
    if len(filed) == 1:
        say(f"{count}. {filed[0][1].statement}")
    else:
        said = some(opened, "known conflict") if opened else "no known conflict"
        say(f"{count}, {said}; each was checked against all that was live at its entry.")


def _peer(conflict: Conflict) -> str:
    return conflict.other.name or "a party that is not named"


def _json(operation: PlannedOperation, answer: Answer) -> dict[str, Any]:
    return {
        "operation": operation.id,
        "version": answer.version,
        "position": answer.position,
        "time": answer.time,
        "late": answer.late,
        "statement": answer.statement,
        "conflicts": [
            {"id": c.id, "label": c.label, "severity": c.severity, "party": c.other.party, "settle_by": c.settle_by}
            for c in answer.conflicts
        ],
    }
