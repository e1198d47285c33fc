"""`wideberth aircraft`: which aircraft fly a plan, so that the live watch knows whom to warn of what.

In:  a plan of the party's own by its name or id, addresses and callsigns; a node, a watch key.
Out: the plans with their aircraft, as a table or as JSON; with names given, those of the one plan from now on.
Refuses (exit status 2) plans that are not there, a name that several have; the node's refusals are printed as they are.
"""

from typing import Annotated, Any
from uuid import UUID

from cyclopts import Parameter

from wideberth.cli.cells import JsonOut
from wideberth.cli.out import Stop, row, say, say_json, show, some, table
from wideberth.cli.plan import id_of
from wideberth.cli.reach import URL, Authority, KeyFile, Url, expected, reaching
from wideberth.client import Client
from wideberth.client.wire import Flown, Operation
from wideberth.party.command import OperationState


def aircraft(
    plan: Annotated[str, Parameter(help="The plan's name in its file, its label, or its id; all without it.")] = "",
    /,
    *,
    key: KeyFile,
    address: Annotated[tuple[str, ...], Parameter(help="As feeds spell it: ICAO address, CoT uid, serial.")] = (),
    callsign: Annotated[tuple[str, ...], Parameter(help="As the aircraft broadcasts it.")] = (),
    unknown: Annotated[bool, Parameter(negative="", help="Nobody knows any more which fly it.")] = False,
    url: Url = URL,
    authority: Authority = None,
    json: JsonOut = False,
) -> None:
    """Say which aircraft fly a plan of your own, or show it.

    The live watch then warns your party for them, and holds their tracks against the plan. What is given takes the
    place of what was; each may be given several times. It stays with the plan's next versions, and no other party sees
    it. What two plans claim counts for neither.

    Example: wideberth aircraft HAS-0417 --address 4b1234 --callsign SWR12 --key has-desk1.key
    """
    sets = bool(address or callsign or unknown)
    if sets and not plan:
        raise Stop("Which plan do they fly? See: wideberth aircraft --help")
    if unknown and (address or callsign):
        raise Stop("Either --unknown, or addresses and callsigns.")
    with reaching(url, key, authority) as client:
        found = _named(client, plan) if plan else _own(client)
        if sets:
            (operation,) = found
            answer = expected(client.set_aircraft(operation.id, address, callsign))
            known = Flown(address, callsign)
            if json:
                say_json({**_json(operation, known), "position": answer.position})
            else:
                said = f"flown by {_names(known)}" if not unknown else "nobody knows which aircraft fly it"
                say(f"{_called(operation)}: {said}. Entry {answer.position}.")
            return
    if json:
        say_json([_json(operation, operation.aircraft or Flown()) for operation in found])
        return
    made = table("plan", "state", "addresses", "callsigns")
    for operation in found:
        known = operation.aircraft or Flown()
        row(made, _called(operation), operation.state, ", ".join(known.addresses), ", ".join(known.callsigns))
    show(made)
    if not plan:
        stated = sum(operation.aircraft is not None for operation in found)
        say()
        say(f"{some(len(found), 'plan')}, {stated} with aircraft that are known.")


def _own(client: Client) -> list[Operation]:
    """The party's plans that have not ended."""
    return [o for o in expected(client.view()).operations if o.mine and o.state != OperationState.ENDED]


def _named(client: Client, name: str) -> list[Operation]:
    """The one plan of this name."""
    try:
        wanted = {UUID(name)}
    except ValueError:
        wanted = {UUID(bytes=id_of(client.party, name))}
    own = _own(client)
    found = [o for o in own if o.id in wanted] or [o for o in own if o.label == name]
    if not found:
        raise Stop(f"There is no {name!r} among your plans that have not ended. See: wideberth aircraft --key FILE")
    if len(found) > 1:
        ids = ", ".join(str(operation.id) for operation in found[:5])
        raise Stop(f"{len(found)} of your plans are called {name!r}; say which by its id: {ids}.")
    return found


def _called(operation: Operation) -> str:
    return operation.label or str(operation.id)


def _names(known: Flown) -> str:
    return ", ".join((*known.addresses, *known.callsigns))


def _json(operation: Operation, known: Flown) -> dict[str, Any]:
    return {
        "operation": operation.id,
        "label": operation.label,
        "version": operation.version,
        "state": operation.state,
        "addresses": known.addresses,
        "callsigns": known.callsigns,
    }
