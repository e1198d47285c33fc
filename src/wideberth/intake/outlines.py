"""Outlines on their way in: what was drawn, on the datum it was drawn on, becomes outlines on WGS 84.

In:  a `Drawing`: a polygon, a circle or a corridor, its places on the declared datum, and how well they are known.
Out: `Settled`: outlines of space.volume, the box around them, the accuracy of every place, notes.
Refuses: a datum that cannot be converted there (NO_TRANSFORMATION); a line without two distinct places
     (TOO_FEW_POINTS); with the charter's bounds given, places outside or swapped (OUT_OF_BOUNDS, SWAPPED); and what
     `space.volume.check_volume` says of an outline: crossing itself, without area, too wide.

Outlines are not widened by the accuracy of their places: it is stated, and stands beside the operation.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from wideberth.intake.bounds import ND, Bounds, bounds_of, swapped
from wideberth.intake.corridor import corridor
from wideberth.intake.datums import Converted, Datum, to_wgs84
from wideberth.intake.fields import Note, first_refusal
from wideberth.intake.gridrefs import EARTH_M
from wideberth.limits import TIME_US_MAX
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.volume import Circle, Polygon, Volume4D, check_volume, normalise

BULGE_TOLD_M = 100.0
"""From here on a note tells that a shortest path leaves the straight line of a flat map."""

Place = tuple[int, int]
"""Latitude and longitude in nanodegrees."""


class Drawing(msgspec.Struct, frozen=True):
    """What was drawn: a `shape` ("polygon", "circle", "corridor"), its places, and its reach in millimetres.

    `reach_mm` is a circle's radius or a corridor's reach to each side; `fields` names each place in the document,
    `path` all of them; `accuracy_mm` is what the digits of the places leave open.
    """

    shape: str
    places: tuple[Place, ...]
    fields: tuple[str, ...]
    path: str
    reach_mm: int = 0
    accuracy_mm: int = 0


class Settled(msgspec.Struct, frozen=True):
    """Outlines on WGS 84 and what is known of them."""

    outlines: tuple[Circle | Polygon, ...]
    bounds: Bounds
    accuracy_mm: int
    notes: tuple[Note, ...]


def settle(drawing: Drawing, datum: Datum, theatre: Bounds | None, datum_field: str) -> Settled | Refusal:
    """Convert, hold against the charter's bounds where they are known, and outline."""
    converted = _converted(drawing, datum, theatre, datum_field)
    if isinstance(converted, Refusal):
        return converted
    held = [] if theatre is None else _held(converted.places, drawing.fields, theatre)
    refused = first_refusal([answer for answer in held if isinstance(answer, Refusal)])
    if refused is not None:
        return refused
    outlines = _outlines(drawing, converted.places)
    if not outlines:
        return refuse(Reason.TOO_FEW_POINTS, drawing.path, "a line of at least two distinct places", "one")
    faults = [fault for outline in outlines if (fault := _fault(outline, drawing.path)) is not None]
    if faults:
        return faults[0]
    notes = [answer for answer in held if isinstance(answer, Note)]
    if datum is not Datum.WGS84:
        metres = converted.accuracy_mm / 1000
        words = f"{datum} was converted to WGS 84 by {converted.operation}, within {metres:g} m"
        notes.append(Note("datum-converted", words))
    if drawing.shape != "circle":
        notes += _bulge_note(converted.places, closed=drawing.shape == "polygon")
    bounds = bounds_of(converted.places, drawing.reach_mm / 1000 * 1.03)
    canonical = tuple(normalise(outline) for outline in outlines)
    return Settled(canonical, bounds, drawing.accuracy_mm + converted.accuracy_mm, tuple(notes))


def _converted(drawing: Drawing, datum: Datum, theatre: Bounds | None, field: str) -> Converted | Refusal:
    """One operation for the whole theatre where there is one, else the best for this drawing."""
    own = bounds_of(drawing.places)
    if theatre is not None:
        found = to_wgs84(drawing.places, datum, theatre, field)
        if isinstance(found, Converted):
            return found
    return to_wgs84(drawing.places, datum, own, field)


def _held(places: Sequence[Place], fields: Sequence[str], theatre: Bounds) -> list[Note | Refusal]:
    """Every doubt about a place; where all lie inside when swapped, that is what is told."""
    answers = [swapped(lat, lon, theatre, field) for (lat, lon), field in zip(places, fields, strict=True)]
    return [answer for answer in answers if answer is not None]


def _outlines(drawing: Drawing, places: Sequence[Place]) -> tuple[Circle | Polygon, ...]:
    if drawing.shape == "circle":
        lat_nd, lon_nd = places[0]
        return (Circle(lat_nd, lon_nd, drawing.reach_mm),)
    if drawing.shape == "corridor":
        return tuple(Polygon(ring) for ring in corridor(places, drawing.reach_mm / 1000))
    return (Polygon(tuple(value for place in places for value in place)),)


def _fault(outline: Circle | Polygon, path: str) -> Refusal | None:
    """What is wrong with an outline by the rules of space, told by its path in the document."""
    found = check_volume(Volume4D(outline, 0, 0, 0, 1), 0, TIME_US_MAX)
    return None if found is None else msgspec.structs.replace(found, field=path)


def _bulge_note(places: Sequence[Place], *, closed: bool) -> list[Note]:
    """How far the shortest paths leave the straight lines of a map in degrees (half sagitta on the sphere)."""
    ends = list(places) + ([places[0]] if closed else [])
    bulge_m = 0.0
    for (lat_a, lon_a), (lat_b, lon_b) in pairwise(ends):
        turn = math.radians(abs((lon_b - lon_a + 180 * ND) % (360 * ND) - 180 * ND) / ND)
        bulge_m = max(bulge_m, EARTH_M * turn**2 * abs(math.sin(math.radians((lat_a + lat_b) / ND))) / 16)
    if bulge_m < BULGE_TOLD_M:
        return []
    words = f"edges are shortest paths; they leave the straight lines of a flat map by up to {bulge_m:.0f} m"
    return [Note("edges-shortest", words)]
