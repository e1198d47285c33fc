"""Any JSON, any bytes, and sound plans with one thing broken: a plan or one clear refusal, never an exception."""

import copy
import json
import os
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from wideberth.intake.plans import PlannedOperation, read_plans
from wideberth.refusal import Refusal

LONG = bool(os.environ.get("WIDEBERTH_LONG"))
EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("relief-day.geojson", "two-drones.f3548.json")
DOCUMENTS = [json.loads((EXAMPLES / name).read_text()) for name in NAMES]
WORDS = st.sampled_from(
    [
        "type",
        "Feature",
        "FeatureCollection",
        "geometry",
        "properties",
        "coordinates",
        "Polygon",
        "Point",
        "LineString",
        "datum",
        "form",
        "lower",
        "upper",
        "start",
        "end",
        "value",
        "unit",
        "units",
        "reference",
        "M",
        "FT",
        "FL",
        "W84",
        "MSL",
        "AGL",
        "STD",
        "radius_m",
        "width_m",
        "volume",
        "volumes",
        "extents",
        "details",
        "outline_circle",
        "outline_polygon",
        "vertices",
        "center",
        "radius",
        "lat",
        "lng",
        "altitude_lower",
        "time_start",
        "format",
        "RFC3339",
        "2026-09-01T06:00:00Z",
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-181, 181),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=8),
    WORDS,
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.dictionaries(st.one_of(WORDS, st.text(max_size=4)), inner, max_size=6)
    ),
    max_leaves=40,
)


def _answered(data: bytes) -> None:
    found = read_plans(data)
    if isinstance(found, Refusal):
        assert found.limit
        assert len(found.received) <= 80
        assert found.sentence().isprintable()
    else:
        assert found
        assert all(isinstance(operation, PlannedOperation) and operation.volumes for operation in found)


@given(st.binary(max_size=200))
@settings(max_examples=2_000 if LONG else 100)
def test_no_bytes_raise(data: bytes) -> None:
    """Bytes of any kind are answered."""
    _answered(data)


@given(VALUES)
@settings(max_examples=20_000 if LONG else 300)
def test_no_json_raises(value: object) -> None:
    """JSON of any shape, made of the words of both formats, is answered."""
    _answered(json.dumps(value).encode())


def _paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of everything in a document."""
    found = [path] if path else []
    if isinstance(value, dict):
        for name, inner in value.items():
            found += _paths(inner, (*path, name))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            found += _paths(inner, (*path, i))
    return found


@given(st.data())
@settings(max_examples=20_000 if LONG else 500)
def test_no_broken_plan_raises(data: st.DataObject) -> None:
    """A sound document with up to three members replaced by anything, or taken away, is answered."""
    document: Any = copy.deepcopy(data.draw(st.sampled_from(DOCUMENTS)))
    for _ in range(data.draw(st.integers(1, 3))):
        paths = _paths(document)
        *way, last = data.draw(st.sampled_from(paths))
        at = document
        for step in way:
            at = at[step]
        if data.draw(st.booleans()):
            at[last] = data.draw(st.one_of(LEAVES, VALUES))
        else:
            del at[last]
        if not document:
            break
    _answered(json.dumps(document).encode())
