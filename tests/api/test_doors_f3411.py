"""The door of F3411-22a: what is form, told by field and limit before anything is decided."""

from pathlib import Path
from typing import Any

import pytest
from doors_kit import AREAS, ID, OTHER, RID, URL, Doors, altitude, at, extent, knock, ring

SQUARE = ((42.0, -38.0), (42.0, -37.95), (42.05, -37.95), (42.05, -38.0))
TEXT = ",".join(f"{lat},{lng}" for lat, lng in SQUARE)
BARE: dict[str, Any] = {"altitude_lower": ..., "altitude_upper": ..., "time_start": ..., "time_end": ...}


def area(given: Any = None, **more: Any) -> dict[str, Any]:
    """The body that writes a service area or a subscription."""
    return {"extents": given if given is not None else extent(), "uss_base_url": URL} | more


def outlined(*places: tuple[float, float], **more: Any) -> dict[str, Any]:
    """A Volume4D with a ring."""
    return extent(outline_circle=..., outline_polygon=ring(*places), **more)


BAD = {
    "nothing": (b"", "body"),
    "no extents": ({"uss_base_url": URL}, "extents"),
    "a list of extents": (area([extent()]), None),
    "no outline": (area(extent(outline_circle=...)), "extents.volume"),
    "both outlines": (area(extent(outline_polygon=ring(*SQUARE))), "extents.volume"),
    "latitude": (area(extent(lat=91)), "extents.volume.outline_circle.center.lat"),
    "closed ring": (area(outlined(*SQUARE, SQUARE[0])), "extents.volume.outline_polygon.vertices"),
    "crossing ring": (
        area(outlined(SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3])),
        "extents.volume.outline_polygon.vertices",
    ),
    "two vertices": (area(outlined(*SQUARE[:2])), "extents.volume.outline_polygon.vertices"),
    "end first": (area(extent(start_min=30, end_min=20)), "extents.time_end"),
    "long ago": (area(extent(start_min=-10)), None),
    "over": (area(extent(start_min=-10, end_min=-5)), None),
    "band upside down": (area(extent(altitude_lower=altitude(200))), "extents.volume"),
    "too deep": (area(extent(altitude_lower=altitude(-8_001))), "extents.volume.altitude_lower.value"),
    "too wide": (area(extent(radius_m=28_500)), "extents.volume"),
    "far too wide": (area(extent(radius_m=499_000)), "extents.volume"),
    "half the globe": (area(outlined((0, 0), (0, 90), (80, 45))), None),
    "no url": ({"extents": extent()}, "uss_base_url"),
    "http": (area(uss_base_url="http://x.test"), "uss_base_url"),
}


@pytest.mark.parametrize("door", [AREAS, RID])
@pytest.mark.parametrize("name", BAD)
def test_what_is_malformed_is_400_by_name(tmp_path: Path, name: str, door: str) -> None:
    """For service areas and subscriptions, on a new id and on one that is taken; the refusal names member and limit."""

    async def steps(doors: Doors) -> None:
        made = (await doors.ask("PUT", f"{door}/{OTHER}", area())).json()
        version = (made.get("subscription") or made["service_area"])["version"]
        body, field = BAD[name]
        for path in (f"{door}/{ID}", f"{door}/{OTHER}", f"{door}/{OTHER}/{version}"):
            if name == "long ago" and (door == RID or path.endswith(version)):
                continue  # who listens, and what is there already, may have begun long ago
            told = await doors.ask("PUT", path, body)
            assert told.status_code == 400, (path, told.text)
            assert field is None or told.json()["field"] == field
            assert told.json()["limit"]

    knock(tmp_path, steps)


def test_what_may_be_left_out(tmp_path: Path) -> None:
    """Altitudes and the start; of a subscription the end too, which then lasts a day."""

    async def steps(doors: Doors) -> None:
        bare = extent(**BARE)
        told = await doors.ask("PUT", f"{AREAS}/{ID}", area(bare))
        assert (told.status_code, told.json()["field"]) == (400, "extents.time_end")
        row = (await doors.ask("PUT", f"{AREAS}/{ID}", area(extent(**BARE | {"time_end": at(60)})))).json()[
            "service_area"
        ]
        assert row["time_end"] == at(60)
        sub = (await doors.ask("PUT", f"{RID}/{ID}", area(bare))).json()
        assert [found["id"] for found in sub["service_areas"]] == [ID]
        doors.world.hands.move(60_000_000)
        again = (await doors.ask("PUT", f"{RID}/{ID}/{sub['subscription']['version']}", area(bare))).json()
        for name in ("time_start", "time_end"):
            assert again["subscription"][name] == sub["subscription"][name]
        assert again["subscription"]["version"] != sub["subscription"]["version"]

    knock(tmp_path, steps)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (TEXT, 200),
        (TEXT.replace(",", " , "), 200),
        ("", 400),
        ("1,2,3", 400),
        ("1,2,3,4", 400),
        (TEXT + ",1", 400),
        (TEXT + ",", 400),
        (TEXT + "," + ",".join(TEXT.split(",")[:2]), 400),
        (TEXT.replace("42.0,", "NaN,", 1), 400),
        (TEXT.replace("42.0,", "1e1,", 1), 400),
        (TEXT.replace("42.0,", "42.0.0,", 1), 400),
        (TEXT.replace("42.0,", "91,", 1), 400),
        (TEXT.replace("-38.0", "-180.5"), 400),
        ("42,-38,42.1,-37.9,42,-37.9,42.1,-38", 400),
        ("42,-38,42.1,-38,42.2,-38", 400),
        ("42,-38,42,-37,43,-37,43,-38", 413),
        ("0,0,0,90,80,45", 413),
        (",".join(f"{42 + i / 1e6},{-38 + i % 2}" for i in range(1_001)), 400),
        ("42.1,180,42.1,-179.95,42,-179.95,42,180", 200),
        ("٤٢,1,42,2,43,2", 400),
    ],
)
def test_an_area_is_a_ring_of_plain_numbers(tmp_path: Path, text: str, status: int) -> None:
    """latitude,longitude,... of three places or more, not closed, not crossing, not too wide; anything else is refused
    by both searches, naming the area."""

    async def steps(doors: Doors) -> None:
        for path in (AREAS, RID):
            headers = {"authorization": f"Bearer {doors.token()}"}
            told = await doors.client.get(path, params={"area": text}, headers=headers)
            assert told.status_code == status, told.text
            assert status == 200 or told.json()["field"] == "area"

    knock(tmp_path, steps)


def test_times_of_a_search(tmp_path: Path) -> None:
    """Each may be left out; both ends count as in; any offset; naive, none and backwards are 400 by name."""

    async def steps(doors: Doors) -> None:
        assert (await doors.ask("PUT", f"{AREAS}/{ID}", area())).status_code == 200
        headers = {"authorization": f"Bearer {doors.token()}"}

        async def find(**query: str) -> Any:
            return await doors.client.get(AREAS, params={"area": TEXT, **query}, headers=headers)

        start, end = at(10)["value"], at(70)["value"]
        for query, count in (
            ({}, 1),
            ({"earliest_time": start, "latest_time": start}, 1),
            ({"earliest_time": end, "latest_time": end}, 1),
            ({"latest_time": start}, 1),
            ({"latest_time": at(9)["value"]}, 0),
            ({"earliest_time": at(71)["value"]}, 0),
            ({"earliest_time": at(30)["value"].replace("Z", "+00:00")}, 1),
            ({"earliest_time": "", "latest_time": ""}, 1),
            ({"earliest_time": "1999-01-01T00:00:00Z", "latest_time": "2099-01-01T00:00:00Z"}, 1),
        ):
            told = await find(**query)
            assert told.status_code == 200, told.text
            assert len(told.json()["service_areas"]) == count, query
        for query, field in (
            ({"earliest_time": "now"}, "earliest_time"),
            ({"latest_time": start[:-1]}, "latest_time"),
            ({"earliest_time": end, "latest_time": start}, "latest_time"),
        ):
            told = await find(**query)
            assert (told.status_code, told.json()["field"]) == (400, field)
        many = {f"x{i}": "1" for i in range(200)}
        assert (await find(**many)).status_code == 400

    knock(tmp_path, steps)


def test_an_id_that_somebody_else_has_is_a_conflict_and_his_version_is_nobody_s(tmp_path: Path) -> None:
    """409 to make what another has made; 403 to change or end it by its version; its owner may."""

    async def steps(doors: Doors) -> None:
        for door, member in ((AREAS, "service_area"), (RID, "subscription")):
            made = (await doors.ask("PUT", f"{door}/{ID}", area())).json()[member]
            path = f"{door}/{ID}/{made['version']}"
            assert made["version"].isalnum()
            assert (await doors.ask("PUT", f"{door}/{ID}", area(), subject="uss2")).status_code == 409
            assert (await doors.ask("PUT", path, area(), subject="uss2")).status_code == 403
            assert (await doors.ask("DELETE", path, subject="uss2")).status_code == 403
            for version, status in (("x", 400), (made["version"].upper() + "A", 400), ("0" * 32, 409)):
                assert (await doors.ask("DELETE", f"{door}/{ID}/{version}")).status_code == status
            first = await doors.ask("DELETE", path)
            again = await doors.ask("DELETE", path)
            assert first.status_code == again.status_code == 200
            assert first.json() == again.json()
            assert first.json()[member] == made

    knock(tmp_path, steps)
