"""`wideberth notam`: drafts of NOTAMs for a plan, a constraint or a notice with an area, for a NOTAM office.

In:  a plan or constraint by its label or id, or a message as SENDER/ID; the flight information region; a node, a key.
Out: one draft a volume, as text or as JSON; nothing is sent anywhere.
Refuses (exit status 2) what is not there, what has no area, and what is on the ground or at sea unless a hazard is
named.
"""

from collections.abc import Sequence
from typing import Annotated, Final

from cyclopts import Parameter

from wideberth.cli.cells import JsonOut
from wideberth.cli.form import one_message
from wideberth.cli.out import Stop, say, say_json
from wideberth.cli.reach import URL, Authority, KeyFile, Url, expected, reaching
from wideberth.client import Client
from wideberth.client.hotline import Hotline
from wideberth.client.wire import Disc, Operation, Thing, Volume
from wideberth.party.command import Activity, ConstraintKind, Domain
from wideberth.refusal import Refusal
from wideberth.space.units import deg_to_nd, m_to_mm, time_to_us
from wideberth.space.volume import Circle, Polygon, Volume4D
from wideberth.words.notam import Hazard, drafts

CONSTRAINTS: Final = {
    ConstraintKind.CLOSURE: Hazard.CLOSED,
    ConstraintKind.RESTRICTED: Hazard.CLOSED,
    ConstraintKind.CORRIDOR: Hazard.RESERVED,
}


def notam(
    thing: Annotated[str, Parameter(help="A plan's or constraint's label or id, or a message as SENDER/ID.")],
    /,
    *,
    fir: Annotated[tuple[str, ...], Parameter(help="Flight information region, such as LTAA; may be repeated.")],
    key: KeyFile,
    hazard: Annotated[Hazard | None, Parameter(help="What is in it; by default what the plan says.")] = None,
    url: Url = URL,
    authority: Authority = None,
    json: JsonOut = False,
) -> None:
    """Draft the NOTAM for what you plan, for a NOTAM office to check and issue; nothing is sent.

    One draft a volume, after ICAO Annex 15 and PANS-AIM. Nothing in a draft is smaller or shorter than its volume, and
    no text that somebody wrote goes into it.

    Example: wideberth notam CAA-0051 --fir LTAA --key caa-desk1.key
    """
    with reaching(url, key, authority) as client:
        volumes, found = _message(client, thing) if "/" in thing else _planned(client, thing)
    wanted = hazard or found
    if wanted is None:
        raise Stop(f"{thing!r} is no hazard to aircraft by what it says; name one with --hazard if it is.")
    if not volumes:
        raise Stop(f"{thing!r} has no area to draft a NOTAM for.")
    made = drafts([_volume(volume) for volume in volumes], wanted, fir)
    if isinstance(made, Refusal):
        raise Stop(made.sentence())
    if json:
        say_json([{"draft": True, "items": dict(d.items), "text": d.text, "assumed": d.assumed} for d in made])
        return
    say("\n\n".join(draft.text for draft in made))
    say(f"\nAssumed: {'; '.join(dict.fromkeys(each for draft in made for each in draft.assumed))}.")


def _message(client: Client, name: str) -> tuple[Sequence[Volume], Hazard]:
    hotline = Hotline(client)
    return one_message(hotline, expected(hotline.messages()).messages, name).volumes, Hazard.OTHER


def _planned(client: Client, name: str) -> tuple[Sequence[Volume], Hazard | None]:
    view = expected(client.view())
    every: list[Operation | Thing] = [*view.operations, *view.constraints]
    found = [thing for thing in every if name in (thing.label, str(thing.id))]
    if not found:
        raise Stop(f"There is no plan or constraint {name!r} that you may see.")
    if len(found) > 1:
        ids = ", ".join(str(thing.id) for thing in found[:5])
        raise Stop(f"{len(found)} are called {name!r}; say which by its id: {ids}.")
    (thing,) = found
    return thing.volumes, hazard_of(thing)


def hazard_of(thing: Operation | Thing) -> Hazard | None:
    """What a plan or constraint is to aircraft, None where it is nothing to them."""
    if isinstance(thing, Thing):
        return CONSTRAINTS.get(ConstraintKind(thing.kind), Hazard.OTHER)
    if thing.domain in (Domain.GROUND, Domain.SEA):
        return None
    if thing.domain == Domain.AIR and not thing.crewed:
        return Hazard.UNCREWED
    return Hazard.EXERCISE if thing.activity == Activity.TRAINING else Hazard.RESERVED


def _volume(volume: Volume) -> Volume4D:
    outline = volume.outline
    shape: Circle | Polygon
    if isinstance(outline, Disc):
        lon, lat = outline.center
        shape = Circle(deg_to_nd(lat), deg_to_nd(lon), m_to_mm(outline.radius_m))
    else:
        shape = Polygon(tuple(deg_to_nd(deg) for lon, lat in outline.coordinates[0][:-1] for deg in (lat, lon)))
    band = m_to_mm(volume.lower.value), m_to_mm(volume.upper.value)
    return Volume4D(shape, *band, time_to_us(volume.start), time_to_us(volume.end))
