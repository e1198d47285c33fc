"""The live watch of the page's small world, in the shape of the node's answers, and what commands do to it."""

import json
from typing import Any

import page_world as pw

from wideberth.party.alerts import AcknowledgeAlert, Aircraft


def none() -> dict[str, Any]:
    """A node without feeds."""
    return {"swept": None, "feeds": [], "own": [], "alerts": []}


def place(lon: float, lat: float, **more: Any) -> dict[str, Any]:
    """Where a thing is."""
    base = {"lat_deg": lat, "lon_deg": lon, "error_m": 40.0, "age_s": 1.0, "baro_ft": 4500, "hae_m": None,
            "speed_m_s": 60.0, "track_deg": 80.0}  # fmt: skip
    return base | more


def own(name: str, callsign: str, where: dict[str, Any], plan: str = "HAS-0417", **more: Any) -> dict[str, Any]:
    """A track of the reader's."""
    operation = f"HAS/{pw.name_id(plan).replace('-', '')}"
    return {"name": name, "callsign": callsign, "operation": operation, "place": where, "on_ground": False,
            "flags": [], "sources": 2} | more  # fmt: skip


def alert(name: str, state: str, **more: Any) -> dict[str, Any]:
    """An alert of the reader's HELP 41 and another."""
    view = {
        "id": name, "kind": "pair", "state": state, "own": "HELP 41", "other": "MERO 7", "opened_us": 1,
        "acknowledged_us": 0, "doubt": "", "entry_s": 80.0, "cpa_s": 125.0, "horizontal_m": 1482.0,
        "vertical_m": 61.0, "closure_m_s": 120.0, "mine": place(-38.60, 42.29),
        "theirs": place(-38.42, 42.29, track_deg=260.0),
    }  # fmt: skip
    return {"id": pw.name_id(name), "view": view | more}


def passed(name: str) -> dict[str, Any]:
    """What is left of it when it has passed."""
    nothing = dict.fromkeys(("entry_s", "cpa_s", "horizontal_m", "vertical_m", "closure_m_s", "mine", "theirs"))
    return alert(name, "passed", **nothing)


def feed(name: str, state: str = "UP", **more: Any) -> dict[str, Any]:
    """A feed."""
    return {"name": name, "state": state, "silent_s": 0.4, "lag_s": 0.2} | more


def kept(name: str, kind: str, stage: str, **more: Any) -> dict[str, Any]:
    """An alert as the ledger has it."""
    row = {
        "id": pw.name_id(name), "kind": kind, "stage": stage, "operation": pw.name_id("HAS-0417"), "track": "HELP 41",
        "other": None, "since": pw.at("05:50:02"), "closest": pw.at("05:51:30"), "horizontal_m": 1482.0,
        "vertical_m": 61.0, "doubtful": False, "acknowledged": False, "acknowledged_by_other": False,
    }  # fmt: skip
    return row | more


DAY = [
    kept("D2", "pair", "passed", acknowledged=True, acknowledged_by_other=True, doubtful=True),
    kept("D1", "off-plan", "happened", since=pw.at("04:10:00"), track=""),
    kept("D3", "entry", "warned", other="CAA", since=pw.at("04:05:00")),
]
"""The day's alerts, the latest first."""


def watching() -> dict[str, Any]:
    """Two feeds, two tracks, one of them stale; nothing comes too near."""
    tracks = [own("3c6444", "HELP 41", place(-38.60, 42.29)), own("3c6445", "", place(-38.50, 42.34, age_s=24.0))]
    return {"swept": pw.at("06:12:40"), "feeds": [feed("roof"), feed("hill")], "own": tracks, "alerts": []}


def event(given: dict[str, Any]) -> str:
    """An alert as the stream brings it."""
    return f"event: alert\ndata: {json.dumps(given)}\n\n"


def apply(live: dict[str, Any], command: object) -> None:
    """The effect of a command on what the reader sees."""
    if isinstance(command, AcknowledgeAlert):
        for found in live["alerts"]:
            if found["id"].replace("-", "") == command.alert.hex():
                found["view"]["acknowledged_us"] = 1_795_328_000_000_000


def fly(operations: list[dict[str, Any]], operation: bytes, named: object) -> None:
    """Which aircraft fly a plan from now on."""
    found = next(o for o in operations if o["id"].replace("-", "") == operation.hex())
    found["aircraft"] = None
    if isinstance(named, Aircraft):
        found["aircraft"] = {"addresses": list(named.addresses), "callsigns": list(named.callsigns)}
