"""`wideberth check`: which plans of these files come nearer to one another than they may.

In:  files of plans (GeoJSON or F3548-21 JSON), minima.
Out: every pair that conflicts, with places, windows and separations; exit status 1 where there is one.
Refuses (exit status 2): files that cannot be read, with the path to the field; volumes that break a limit.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import numpy as np
from cyclopts import Parameter

from wideberth.cli.charters import read_charter
from wideberth.cli.out import (
    FOUND,
    Stop,
    accepted,
    figure,
    progress,
    row,
    say,
    say_json,
    sentence_of,
    show,
    some,
    table,
    told_as_json,
    tracked,
)
from wideberth.intake.bounds import Bounds
from wideberth.intake.coordinates import Form
from wideberth.intake.coordinates import show as show_place
from wideberth.intake.plans import PlannedOperation, read_plans
from wideberth.intake.times import show_time
from wideberth.limits import ALTITUDE_MM_MAX, FILE_BYTES_MAX, TIME_US_MAX
from wideberth.party.charter import CLASSES, Charter, Separation, default_separations
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.live import LiveVolumes
from wideberth.space.units import deg_to_nd, m_to_mm, mm_to_m, nd_to_deg, us_to_time
from wideberth.space.volume import Volume4D, check_volume
from wideberth.theatre.conflicts import severity_of
from wideberth.theatre.outcome import Near

WORLD: Final = (deg_to_nd(-90), deg_to_nd(90), deg_to_nd(-180), deg_to_nd(180))
QUESTION_VOLUMES: Final = 2_000
"""So many volumes are asked about at once: enough for the compiled code, few enough for the progress bar."""
PLACES_SHOWN: Final = 3


class Source(NamedTuple):
    """An operation and the file that it stands in."""

    file: str
    operation: PlannedOperation


class Pair(NamedTuple):
    """Two operations that conflict; places counted from the first one's side."""

    first: int
    second: int
    near: tuple[Near, ...]
    minima_mm: tuple[int, int]

    @property
    def severity(self) -> str:
        """ "overlap", "close" or "near"."""
        return severity_of(self.near, self.minima_mm)


def check(
    *files: Annotated[Path, Parameter(help="GeoJSON or F3548-21 JSON files of plans.")],
    horizontal_m: Annotated[float | None, Parameter(help="Horizontal minimum in metres, for all classes.")] = None,
    vertical_m: Annotated[float | None, Parameter(help="Vertical minimum in metres, for all classes.")] = None,
    charter: Annotated[Path | None, Parameter(help="Charter (TOML or JSON) whose minima and bounds hold.")] = None,
    json: Annotated[bool, Parameter(negative="", help="Print JSON.")] = False,
) -> int:
    """Find every pair of plans that come too near to one another.

    Without minima those of the default charter hold: 3 NM and 3,000 ft between crewed aircraft, less with drones, none
    between drones. Ends with 1 where plans conflict, with 2 where a file cannot be read.

    Example: wideberth check examples/relief-day.geojson --horizontal-m 9260 --vertical-m 300
    """
    with told_as_json(json):
        return _check(files, horizontal_m, vertical_m, charter, json)


def _check(
    files: Sequence[Path], horizontal_m: float | None, vertical_m: float | None, charter: Path | None, json: bool
) -> int:
    if not files:
        raise Stop("Name at least one file of plans: wideberth check plans.geojson")
    rules = _rules(horizontal_m, vertical_m, charter)
    sources = read_sources(files, None if charter is None else Bounds(*rules.bounds_nd))
    pairs = find_pairs([source.operation for source in sources], rules)
    if json:
        say_json(as_json(sources, pairs, rules))
    else:
        _print(sources, pairs, rules)
    return FOUND if pairs else 0


def _rules(horizontal_m: float | None, vertical_m: float | None, charter: Path | None) -> Charter:
    if charter is not None:
        if horizontal_m is not None or vertical_m is not None:
            raise Stop("Give minima or a charter, not both.")
        return accepted(read_charter(charter.read_bytes(), str(charter)))
    separations = default_separations()
    if horizontal_m is not None or vertical_m is not None:
        if horizontal_m is None or vertical_m is None:
            raise Stop("Give both minima: --horizontal-m and --vertical-m.")
        for name, value in (("--horizontal-m", horizontal_m), ("--vertical-m", vertical_m)):
            if not 0 <= value <= 100_000:
                raise Stop(sentence_of(refuse(Reason.OUT_OF_RANGE, name, "0 to 100000 metres", value)))
        minima = (m_to_mm(horizontal_m), m_to_mm(vertical_m))
        separations = tuple(Separation(a, b, *minima) for i, a in enumerate(CLASSES) for b in CLASSES[i:])
    return Charter("", WORLD, separations, (), 1)


def read_sources(files: Sequence[Path], theatre: Bounds | None) -> list[Source]:
    """All operations of all files, their volumes held against every limit."""
    found: list[Source] = []
    bounds = (
        WORLD if theatre is None else (theatre.lat_min_nd, theatre.lat_max_nd, theatre.lon_min_nd, theatre.lon_max_nd)
    )
    for file in tracked(files, "reading", len(files)):
        if file.stat().st_size > FILE_BYTES_MAX:
            limit = f"at most {FILE_BYTES_MAX} bytes"
            large = refuse(Reason.TOO_LARGE, "", limit, file.stat().st_size)
            raise Stop(f"{file}: {sentence_of(large)}", refusal=large)
        operations = read_plans(file.read_bytes(), theatre=theatre)
        if isinstance(operations, Refusal):
            raise Stop(f"{file}: {sentence_of(operations)}", refusal=operations)
        for operation in operations:
            for i, volume in enumerate(operation.volumes):
                no = check_volume(volume, 0, TIME_US_MAX, bounds, f"{operation.id}.volumes[{i}]")
                if no is not None:
                    raise Stop(f"{file}: {sentence_of(no)}", refusal=no)
            found.append(Source(str(file), operation))
    return found


def find_pairs(operations: Sequence[PlannedOperation], rules: Charter) -> list[Pair]:
    """Every pair that conflicts by the rule of `space.overlap`, in the order of the operations."""
    live = LiveVolumes()
    owner = np.empty(sum(len(o.volumes) for o in operations), np.int64)
    place = np.empty_like(owner)
    for i, operation in enumerate(operations):
        slots = live.add(operation.volumes, CLASSES.index(operation.kind))
        owner[slots], place[slots] = i, np.arange(len(slots))
    found: dict[tuple[int, int], list[Near]] = {}
    with progress() as bar:
        task = bar.add_task("checking", total=len(operations))
        for kind, numbers, volumes in _questions(operations):
            asked = np.array(numbers)
            for j, i, near in _near(live, volumes, rules, kind, asked, owner, place):
                found.setdefault((i, j), []).append(near)
            bar.advance(task, len({n for n, _ in numbers}))
    pairs = []
    for (i, j), places in sorted(found.items()):
        minima = rules.minima_mm(operations[i].kind, operations[j].kind)
        pairs.append(Pair(i, j, tuple(sorted(places, key=lambda n: (n.first, n.second))), minima))
    return pairs


def _questions(operations: Sequence[PlannedOperation]) -> Iterator[tuple[int, list[tuple[int, int]], list[Volume4D]]]:
    """Volumes of one class, so many at a time: the class's number, (operation, place) of each, the volumes."""
    for number, kind in enumerate(CLASSES):
        rows = [(i, p) for i, o in enumerate(operations) if o.kind is kind for p in range(len(o.volumes))]
        for at in range(0, len(rows), QUESTION_VOLUMES):
            part = rows[at : at + QUESTION_VOLUMES]
            yield number, part, [operations[i].volumes[p] for i, p in part]


def _near(
    live: LiveVolumes,
    volumes: list[Volume4D],
    rules: Charter,
    kind: int,
    asked: "np.ndarray[Any, np.dtype[np.int64]]",
    owner: "np.ndarray[Any, np.dtype[np.int64]]",
    place: "np.ndarray[Any, np.dtype[np.int64]]",
) -> Iterator[tuple[int, int, Near]]:
    """Near pairs (later operation, earlier operation, how near), each once."""
    minima = rules.row_mm(CLASSES[kind])
    horizontal_m = np.array([h / 1000 for h, _ in minima])
    vertical_mm = np.array([v for _, v in minima], dtype=np.int64)
    near = live.near(volumes, horizontal_m, vertical_mm)
    mine, other = asked[near.query, 0], owner[near.slot]
    once = np.flatnonzero(other < mine)
    columns = [column[once].tolist() for column in near[2:]]
    sides = (other[once].tolist(), mine[once].tolist())
    places = (place[near.slot][once].tolist(), asked[near.query, 1][once].tolist())
    for i, j, first, second, *rest in zip(*sides, *places, *columns, strict=True):
        yield j, i, Near(first, second, *rest)


# what is said


def statement(sources: Sequence[Source], pairs: Sequence[Pair], rules: Charter) -> str:
    """What was found, and what was checked; never that anything is clear."""
    volumes = sum(len(source.operation.volumes) for source in sources)
    were = "was" if len(sources) == 1 else "were"
    checked = f"{some(len(sources), 'operation')} with {some(volumes, 'volume')} {were} checked against each other"
    by = "the charter's minima" if rules.name else "the minima below"
    if not pairs:
        return f"No known conflict. {checked} by {by}, and against nothing else."
    return f"{some(len(pairs), 'conflict')}. {checked} by {by}, and against nothing else."


def minima_in_use(sources: Sequence[Source], rules: Charter) -> list[tuple[str, str, float, float]]:
    """Class, class, horizontal and vertical minimum in metres, of classes that occur."""
    there = sorted({CLASSES.index(source.operation.kind) for source in sources})
    rows = [(a, b) for i, a in enumerate(there) for b in there[i:]]
    minima = [(CLASSES[a], CLASSES[b], *rules.minima_mm(CLASSES[a], CLASSES[b])) for a, b in rows]
    return [(a.value, b.value, mm_to_m(h), mm_to_m(v)) for a, b, h, v in minima]


def as_json(sources: Sequence[Source], pairs: Sequence[Pair], rules: Charter) -> dict[str, Any]:
    """All of it for programs; distances are signed metres, 0 or less an overlap."""
    minima = [{"classes": [a, b], "horizontal_m": h, "vertical_m": v} for a, b, h, v in minima_in_use(sources, rules)]
    notes = [
        {"file": s.file, "id": s.operation.id, "code": note.code, "text": note.text}
        for s in sources
        for note in s.operation.notes
    ]
    return {
        "statement": statement(sources, pairs, rules),
        "checked": {
            "files": sorted({source.file for source in sources}),
            "operations": len(sources),
            "volumes": sum(len(source.operation.volumes) for source in sources),
            "minima": minima,
        },
        "conflicts": [_pair_json(sources, pair) for pair in pairs],
        "notes": notes,
    }


def _pair_json(sources: Sequence[Source], pair: Pair) -> dict[str, Any]:
    first, second = sources[pair.first], sources[pair.second]
    return {
        "first": _side_json(first),
        "second": _side_json(second),
        "severity": pair.severity,
        "own_pair": _own(first, second),
        "minimum_horizontal_m": mm_to_m(pair.minima_mm[0]),
        "minimum_vertical_m": mm_to_m(pair.minima_mm[1]),
        "places": [
            {
                "volumes": [near.first, near.second],
                "at": [nd_to_deg(near.lon_nd), nd_to_deg(near.lat_nd)],
                "start": show_time(near.start_us),
                "end": show_time(near.end_us),
                "lower_m": mm_to_m(near.lower_mm),
                "upper_m": mm_to_m(near.upper_mm),
                "horizontal_m": mm_to_m(near.horizontal_mm),
                "vertical_m": mm_to_m(near.vertical_mm),
            }
            for near in pair.near
        ],
    }


def _side_json(source: Source) -> dict[str, str]:
    operation = source.operation
    return {"file": source.file, "id": operation.id, "party": operation.party, "class": operation.kind.value}


def _own(first: Source, second: Source) -> bool:
    return bool(first.operation.party) and first.operation.party == second.operation.party


def _print(sources: Sequence[Source], pairs: Sequence[Pair], rules: Charter) -> None:
    say(statement(sources, pairs, rules))
    if pairs:
        say()
        found = table("plans", "severity", "where", "when (UTC)", "apart", "in height")
        for pair in pairs:
            _add(found, sources, pair)
        show(found)
    say()
    used = table("between", "and", "#horizontal minimum", "#vertical minimum")
    for a, b, horizontal, vertical in minima_in_use(sources, rules):
        row(used, a, b, f"{figure(horizontal)} m", _vertical(vertical))
    show(used)
    notes = sorted({note.text for source in sources for note in source.operation.notes})
    for text in notes:
        say(f"Note: {text}.")


def _add(found: Any, sources: Sequence[Source], pair: Pair) -> None:
    """A pair with its nearest places, two lines each."""
    first, second = sources[pair.first], sources[pair.second]
    plans, severity = f"{_name(first)}\n{_name(second)}", pair.severity
    if _own(first, second):
        severity += "\nown pair"
    nearest = sorted(pair.near, key=lambda near: (max(near.horizontal_mm, 0), max(near.vertical_mm, 0), near.start_us))
    for near in nearest[:PLACES_SHOWN]:
        horizontal = f"{_gap(near.horizontal_mm)}\nof {figure(pair.minima_mm[0] / 1000)} m"
        vertical = f"{_gap(near.vertical_mm)}\nof {_vertical(pair.minima_mm[1] / 1000)}"
        where = show_place(near.lat_nd, near.lon_nd, Form.DM).replace(" ", "\n", 1)
        row(found, plans, severity, where, _window(near), horizontal, vertical)
        plans = severity = ""
    if len(nearest) > PLACES_SHOWN:
        row(found, "", "", f"and {figure(len(nearest) - PLACES_SHOWN)} more places")


def _vertical(metres: float) -> str:
    return "any height" if metres >= ALTITUDE_MM_MAX / 1000 else f"{figure(metres)} m"


def _name(source: Source) -> str:
    operation = source.operation
    return f"{operation.id} ({operation.party})" if operation.party else operation.id


def _gap(mm: int) -> str:
    return "overlap" if mm < 0 else "touching" if mm == 0 else f"{figure(mm / 1000)} m"


def _window(near: Near) -> str:
    start, end = us_to_time(near.start_us), us_to_time(near.end_us)
    until = f"{end:%H:%M}Z" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M}Z"
    return f"{start:%Y-%m-%d %H:%M}\nto {until}"
