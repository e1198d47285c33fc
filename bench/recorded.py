"""Plan every recorded flight over HTTP as four parties, and hold what is reported against what happened.

In:  bench/out/traffic.npz, which `make traffic` exports from the package `traffic`; a node that this program founds and
     serves on loopback in a folder of its own.
Out: a table, bench/out/traffic.json, and exit code 1 when a pair of flights of different parties that came nearer than
     3 NM and 3,000 ft while airborne was not reported, or reported pairs are more than 2.5 times as many.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

import numpy as np
from rich.progress import track

from bench.frame import OUT, console
from bench.traffic_plans import encounters, tracks, volumes_of
from wideberth.client import Client, Problem
from wideberth.demo.stage import serving
from wideberth.node.opening import found_theatre
from wideberth.party.charter import FT_3000_MM, NM_3_MM, Charter, Separation, TrafficClass
from wideberth.party.command import Activity, Founder, Genesis
from wideberth.party.identity import KeyGrant, Role, RootSet, public_key
from wideberth.space.volume import Volume4D
from wideberth.theatre.outcome import DECIDE_VERSION

EXPORT = OUT / "traffic.npz"
PARTIES = ("NORTH", "EAST", "SOUTH", "WEST")
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
RATIO_MAX = 2.5


def export() -> Path:
    """The recorded samples; made by the environment of `make traffic` where they are not there yet."""
    python = Path(".venv-traffic/bin/python")
    if not EXPORT.exists():
        OUT.mkdir(exist_ok=True)
        subprocess.run([python, "bench/traffic_export.py", EXPORT], check=True)
    return EXPORT


def theatre(folder: Path, seeds: dict[str, bytes]) -> None:
    """Found a theatre of four parties with 3 NM and 3,000 ft between crewed aircraft."""
    now_us = time.time_ns() // 1_000
    node_seed = os.urandom(32)
    founders = tuple(
        Founder(
            party,
            f"Traffic {party.title()}",
            Role.MEMBER,
            RootSet((public_key(os.urandom(32)),), 1),
            KeyGrant(public_key(seeds[party]), ("*",), now_us + DAY_US, "bench"),
            ("en",),
        )
        for party in PARTIES
    )
    crewed = TrafficClass.CREWED_AIR
    rules = Charter(
        name="Recorded traffic",
        bounds_nd=(30_000_000_000, 65_000_000_000, -20_000_000_000, 30_000_000_000),
        separations=(Separation(crewed, crewed, NM_3_MM, FT_3000_MM),),
        conveners=PARTIES,
        quorum=3,
    )
    genesis = Genesis("traffic", 1, True, rules, founders, public_key(node_seed), DECIDE_VERSION)
    found_theatre(folder, genesis, node_seed)


def plans(slice_s: float) -> tuple[dict[int, list[Volume4D]], dict[tuple[int, int], tuple[float, float]], int]:
    """Volumes by flight, shifted to tomorrow; the pairs that came near; how many samples were implausible."""
    samples = np.load(export())["samples"]
    found, dropped = tracks(samples)
    recorded_day = int(samples[:, 1].min()) // 86_400
    tomorrow = int(time.time()) // 86_400 + 1
    shift_us = (tomorrow - recorded_day) * DAY_US
    volumes: dict[int, list[Volume4D]] = {}
    for piece in found:
        volumes.setdefault(piece.flight, []).extend(volumes_of(piece, slice_s, shift_us))
    console.print(f"{len(volumes)} flights, {sum(map(len, volumes.values())):,} slices of at most {slice_s:g} s")
    return volumes, encounters(found, NM_3_MM / 1000, FT_3000_MM / 1000), dropped


def reported(clients: dict[str, Client], flight_of: dict[str, int]) -> set[tuple[int, int]]:
    """The pairs of flights that the parties see in conflict, joined by the conflict's id."""
    sides: dict[str, list[int]] = {}
    for client in clients.values():
        view = client.view()
        assert not isinstance(view, Problem), view
        for conflict in view.conflicts:
            sides.setdefault(str(conflict.id), []).append(flight_of[str(conflict.mine.id)])
    return {(min(pair), max(pair)) for pair in sides.values() if len(pair) == 2}


def party_of(flight: int) -> str:
    """Flights are dealt to the parties in turn."""
    return PARTIES[flight % len(PARTIES)]


def main() -> None:
    """Plan, compare, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.recorded", description=__doc__)
    parser.add_argument("--slice-s", type=float, default=20.0, help="length of a slice, at most 60 s")
    slice_s = parser.parse_args().slice_s
    volumes, near, dropped = plans(slice_s)
    seeds = {party: os.urandom(32) for party in PARTIES}
    flight_of: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as at:
        folder = Path(at) / "theatre"
        theatre(folder, seeds)
        with serving(folder, 0) as (url, _stop):
            clients = {party: Client(url, party, seed) for party, seed in seeds.items()}
            begin = time.perf_counter()
            for flight in track(sorted(volumes), "Planning", console=console, transient=True):
                operation = clients[party_of(flight)].new_id()
                answer = clients[party_of(flight)].plan(operation, volumes[flight], activity=Activity.TRANSPORT)
                assert not isinstance(answer, Problem), answer
                flight_of[str(UUID(bytes=operation))] = flight
            took = time.perf_counter() - begin
            pairs = reported(clients, flight_of)
    finish(volumes, near, dropped, pairs, took)


def finish(
    volumes: dict[int, list[Volume4D]],
    near: dict[tuple[int, int], tuple[float, float]],
    dropped: int,
    pairs: set[tuple[int, int]],
    took: float,
) -> None:
    """Print and keep the comparison; exit 1 when it fails."""
    true = {pair for pair in near if party_of(pair[0]) != party_of(pair[1])}
    missed = sorted(true - pairs)
    ratio = len(pairs) / len(true)
    rows = {
        "flights planned": len(volumes),
        "volumes": sum(map(len, volumes.values())),
        "samples left out as implausible": dropped,
        "pairs of different parties that came near": len(true),
        "conflicts reported": len(pairs),
        "missed": len(missed),
        "ratio": round(ratio, 3),
        "seconds to plan over HTTP": round(took, 1),
    }
    for name, value in rows.items():
        console.print(f"{name:<44} {value}")
    (OUT / "traffic.json").write_text(json.dumps(rows, indent=1) + "\n")
    if missed or ratio > RATIO_MAX:
        console.print(f"Failed: missed {missed}, ratio {ratio:.2f} of at most {RATIO_MAX}.")
        sys.exit(1)


if __name__ == "__main__":
    main()
