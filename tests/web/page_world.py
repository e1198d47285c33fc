"""The small world that the page is tested in: the invented valley at 06:12:40Z, seen by the Humanitarian Air Service.

Plain data in the shape of the node's answers; `World` changes it as commands come, just enough for the page to show it.
"""

import math
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

BASE = datetime(2026, 11, 22, 6, 12, 40, tzinfo=UTC)
NAMES = {
    "HAS": "Humanitarian Air Service",
    "TAF": "Taldan Air Force",
    "MAF": "Merova Air Force",
    "CAA": "Civil Aviation Cell",
    "OHM": "Open Hands Convoys",
    "KSD": "Karst Survey Drones",
}
SHUTTLE = [
    [-38.72, 42.2783],
    [-38.5618, 42.2891],
    [-38.4055, 42.3018],
    [-38.4006, 42.2720],
    [-38.5588, 42.2594],
    [-38.7164, 42.2486],
]
TOO_NEAR = [[-38.5158, 42.2928], [-38.4491, 42.2981], [-38.4448, 42.2684], [-38.5121, 42.2630]]
SURVEY = [[-38.5970, 42.3918], [-38.5121, 42.3981], [-38.5048, 42.3423], [-38.5885, 42.3369]]
LINE = [[-38.51, 42.20], [-38.495, 42.20], [-38.48, 42.45], [-38.495, 42.45]]


def at(clock: str, day: int = 22) -> str:
    """A time of the exercise day."""
    return f"2026-11-{day:02d}T{clock}Z"


def name_id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def metres(value: float) -> dict[str, Any]:
    return {"value": value, "unit": "M", "reference": "W84"}


def polygon(points: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[*points, points[0]]]}


def circle(lon: float, lat: float, radius_m: float) -> dict[str, Any]:
    return {"type": "Circle", "center": [lon, lat], "radius_m": radius_m}


def volume(outline: dict[str, Any], low: float, high: float, start: str, end: str) -> dict[str, Any]:
    return {"outline": outline, "lower": metres(low), "upper": metres(high), "start": start, "end": end}


def operation(label: str, state: str, activity: str, volumes: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    party = label.split("-")[0].split(" ")[0]
    base = {
        "id": name_id(label), "party": party, "mine": party == "HAS", "version": 1, "state": state, "priority": 0,
        "domain": "air", "crewed": True, "activity": activity, "disclosure": "open", "label": label, "note": None,
        "volumes": volumes, "confirm_by": None, "blocked_by": [], "missing": [], "concurred": [],
        "planned": at("05:10:00"), "position": 47_900, "aircraft": None,
    }  # fmt: skip
    return base | more


def constraint(label: str, kind: str, volumes: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    base = {
        "id": name_id(label), "party": label.split("-")[0], "mine": False, "what": "constraint", "kind": kind,
        "version": 1, "label": label, "note": None, "volumes": volumes, "verified": None, "verifier": None,
        "review_by": None, "review_overdue": False,
    }  # fmt: skip
    return base | more


def conflict() -> dict[str, Any]:
    place = {
        "outline": polygon(TOO_NEAR), "shows": "overlap", "lower": metres(1200), "upper": metres(1500),
        "start": at("06:42:00"), "end": at("06:58:00"), "at": [-38.4806, 42.2806], "horizontal_m": -1650.0,
        "vertical_m": 137.2, "minimum_horizontal_m": 5556.0, "minimum_vertical_m": 914.4,
    }  # fmt: skip
    said = [
        ("06:03:40", "planned", "HAS", None),
        ("06:03:41", "opened", None, None),
        ("06:08:15", "proposed", "HAS", None),
        ("06:09:02", "objected", "MAF", "Cannot move before 07:00Z; please shift."),
    ]
    return {
        "id": name_id("C-0031"), "label": "C-0031", "state": "open", "severity": "close",
        "mine": {"what": "operation", "id": name_id("HAS-0417"), "version": 1, "label": "HAS-0417"},
        "other": {"party": "MAF", "name": NAMES["MAF"], "what": "operation", "label": None},
        "places": [place], "opened": at("05:55:00"), "position": 48_188, "settle_by": at("06:25:00"),
        "overdue": False, "blocks": "mine", "accepted_by": [],
        "proposals": [
            {"id": name_id("P1"), "by": "HAS", "mine": True, "state": "objected", "time": at("06:09:02"), "note": None,
             "change": {"kind": "shift", "whose": "other", "start_s": 0, "altitude_m": 783}},
        ],
        "said": [
            {"time": at(t), "position": 48_102 + i * 7, "by": by, "mine": by == "HAS", "what": what, "text": text}
            for i, (t, what, by, text) in enumerate(said)
        ],
        "sees": {"me": ["place", "window", "separation", "altitudes", "party"],
                 "other": ["place", "window", "separation", "altitudes", "party", "activity", "crewed"]},
    }  # fmt: skip


def second_conflict() -> dict[str, Any]:
    """A conflict in which the other side has a proposal open."""
    second = conflict()
    second |= {
        "id": name_id("C-19B2"), "label": "C-19B2", "settle_by": at("07:05:00"), "opened": at("06:01:00"),
        "mine": {"what": "operation", "id": name_id("HAS-0420"), "version": 1, "label": "HAS-0420"},
        "other": {"party": "TAF", "name": NAMES["TAF"], "what": "operation", "label": "TAF-0118"},
        "said": second["said"][:2],
        "proposals": [
            {"id": name_id("P2"), "by": "TAF", "mine": False, "state": "open", "time": at("06:10:30"), "note": None,
             "change": {"kind": "shift", "whose": "mine", "start_s": 1200, "altitude_m": 0}},
        ],
    }  # fmt: skip
    outline = circle(-38.74, 42.33, 2200)
    second["places"] = [second["places"][0] | {"outline": outline, "at": [-38.74, 42.33], "vertical_m": 0.0}]
    return second


def others(count: int) -> list[dict[str, Any]]:
    """Plans of others spread over the theatre, for crowded views."""
    out = []
    for i in range(count):
        party = ["TAF", "MAF", "KSD", "OHM"][i % 4]
        lon, lat = -39.4 + (i * 0.37) % 1.9, 41.75 + (i * 0.23) % 1.15
        start = datetime(2026, 11, 22, 5, 30, tzinfo=UTC) + timedelta(minutes=(i * 37) % 400)
        window = [time.strftime("%Y-%m-%dT%H:%M:%SZ") for time in (start, start + timedelta(minutes=50))]
        low = 600 + (i * 311) % 2400
        state = "Activated" if start < BASE else "Accepted"
        shape = circle(lon, lat, 1500 + (i * 700) % 4000)
        out.append(operation(f"{party}-{1000 + i}", state, "transit", [volume(shape, low, low + 400, *window)]))
    return out


def view(now: str) -> dict[str, Any]:
    shuttle = volume(polygon(SHUTTLE), 1200, 1500, at("06:30:00"), at("07:15:00"))
    operations = [
        operation("HAS-0417", "Accepted", "relief", [shuttle], blocked_by=[name_id("C-0031")], missing=["TAF"],
                  concurred=[{"party": "CAA", "time": at("06:05:00")}]),
        operation("TAF-0118", "Activated", "transport",
                  [volume(circle(-38.7909, 42.3621, 5200), 900, 2400, at("05:40:00"), at("07:30:00"))]),
        operation("KSD-0233", "Ended", "survey",
                  [volume(polygon(SURVEY), 620, 1020, at("05:30:00"), at("06:04:12"))], crewed=False),
        operation("OHM 7", "Activated", "transport",
                  [volume(polygon([[-38.32, 42.21], [-38.305, 42.21], [-38.355, 42.258], [-38.37, 42.258]]), 0, 600,
                          at("05:50:00"), at("08:10:00"))], domain="ground"),
    ]  # fmt: skip
    closure = volume(circle(-38.3133, 42.2081, 4200), 0, 3000, at("05:00:00"), at("08:30:00"))
    return {
        "as_of": {"position": 48_213, "time": now, "root": "q" * 43}, "open_version": 1,
        "me": {"party": "HAS", "name": NAMES["HAS"], "role": "member", "watch_key_expires": at("18:00:00")},
        "operations": operations,
        "constraints": [constraint("CAA-0051", "closure", [closure])],
        "protected": [],
        "conflicts": [conflict()],
        "asked": [],
        "budget": {"km2_h_used": 120.0, "km2_h": 4000.0, "checks_used": 14, "checks": 500,
                   "peers_used": 2, "peers": 20},
        "claim": {"km2_h_used": 300.0, "km2_h": 9000.0},
    }  # fmt: skip


def own_hospital() -> dict[str, Any]:
    shape = volume(circle(-38.3848, 42.3008, 2300), 0, 2000, at("00:00:00", 20), at("00:00:00", 30))
    return constraint(
        "Pelit field hospital", "hospital", [shape], party="HAS", mine=True, what="protected",
        verified=at("09:00:00", 21), verifier="CAA", review_by=at("00:00:00", 30),
    )  # fmt: skip


def theatre(now: str, heard: dict[str, str | None]) -> dict[str, Any]:
    area = {"name": "Agreed line", "kind": "line", "outline": polygon(LINE), "parties": ["TAF", "MAF"]}
    told = {"number": 12, "signed": 12}
    crewed = {"classes": ["crewed_air", "crewed_air"], "horizontal_m": 5556.0, "vertical_m": 914.4}
    return {
        "as_of": {"position": 48_213, "time": now}, "name": "Sarvel valley", "exercise": True,
        "charter": {"bounds": [41.6, 43.0, -39.6, -37.4], "minima": [crewed], "lead_s": 900, "confirm_s": 3600,
                    "settle_s": 1800, "vertical_step_m": 10.0, "languages": ["en", "de"],
                    "areas": [area | {"lower": metres(0), "upper": metres(9000)}]},
        "parties": [
            {"party": party, "name": name, "role": "member", "since": at("00:00:00", 20), "mine": party == "HAS",
             "heard": heard.get(party), "languages": ["en"], "told": told if party == "HAS" else None}
            for party, name in NAMES.items()
        ],
        "local": {"zone": "UTC-03:00", "offset_s": -10_800},
    }  # fmt: skip


OPTIONS = [
    {"change": {"kind": "shift", "whose": "mine", "start_s": 1500, "altitude_m": 0}, "clears": "all-known",
     "checked": "in English", "checked_code": "mine-hidden", "late": True, "start": at("06:55:00")},
    {"change": {"kind": "shift", "whose": "mine", "start_s": 0, "altitude_m": -780}, "clears": "this",
     "checked": "in English", "checked_code": "mine-hidden", "late": False, "start": None},
    {"change": {"kind": "shift", "whose": "other", "start_s": 0, "altitude_m": 783}, "clears": "this",
     "checked": "in English", "checked_code": "other-hidden", "late": False, "start": None},
]  # fmt: skip


def dm(value: float, names: str) -> str:
    degrees = math.floor(abs(value))
    return f"{degrees}°{(abs(value) - degrees) * 60:.3f}′{names[value < 0]}"
