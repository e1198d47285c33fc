"""Whatever is sent to the standards' doors: an answer in their form, never a fault of the house."""

import asyncio
import copy
import json
import os
import threading
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from api_kit import on_loopback, served
from doors_kit import (
    AREAS,
    CONSTRAINTS,
    EVERY,
    ID,
    INTENTS,
    OTHER,
    RID,
    SUBSCRIPTIONS,
    URL,
    Doors,
    extent,
    intent,
    subscription,
)
from doors_kit import settings as door_settings
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from wideberth.api.standard_routes import DOORS

LONG = bool(os.environ.get("WIDEBERTH_LONG"))
EXAMPLES = 400 if LONG else 12
MUTATIONS = 5_000 if LONG else 250
REPORT = {"url": "x", "method": "GET", "recorder_role": "Client", "request_time": {"value": "x", "format": "RFC3339"}}
STATES = [{"subscription_id": OTHER, "notification_index": 1}]
NOTICE = {"operational_intent_id": ID, "subscriptions": STATES, "operational_intent": None}
SENT: list[tuple[str, str, Any]] = [
    ("PUT", f"{INTENTS}/{ID}", intent(extent(), extent(lat=42.1), new_subscription={"uss_base_url": URL})),
    ("PUT", f"{INTENTS}/{OTHER}/{'x' * 22}", intent(state="Activated", subscription_id=ID, key=["x" * 22])),
    ("PUT", f"{CONSTRAINTS}/{ID}", {"extents": [extent()], "uss_base_url": URL}),
    ("PUT", f"{SUBSCRIPTIONS}/{ID}", subscription()),
    ("PUT", f"{AREAS}/{ID}", {"extents": extent(), "uss_base_url": URL}),
    ("PUT", f"{RID}/{ID}", {"extents": extent(), "uss_base_url": URL}),
    ("POST", f"{INTENTS}/query", {"area_of_interest": extent()}),
    ("POST", f"{SUBSCRIPTIONS}/query", {"area_of_interest": extent()}),
    ("PUT", "/dss/v1/uss_availability/uss1", {"old_version": "", "availability": "Normal"}),
    ("POST", "/dss/v1/reports", {"exchange": REPORT}),
    ("POST", "/uss/v1/operational_intents", NOTICE),
]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=40),
    st.sampled_from(
        ["", "\ud800", "\x00", "x" * 5_000, "2026-13-01T00:00:00Z", "NULL", "https://[::1", "https://x:0/"]
    ),
    st.lists(st.none(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
FORMS_SEEN = (200, 201, 204, 400, 401, 403, 404, 405, 409, 412, 413, 429)


class Fuzzed:
    """A node that is served by a loop of its own for as long as a test goes on."""

    def __init__(self, doors: Doors, loop: asyncio.AbstractEventLoop) -> None:
        self._doors, self._loop = doors, loop

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str] | None = None) -> Any:
        """Send, and hold the answer against what every answer has."""
        return asyncio.run_coroutine_threadsafe(self._send(method, path, body, headers), self._loop).result(60)

    async def _send(self, method: str, path: str, body: bytes, headers: dict[str, str] | None) -> Any:
        self._doors.world.hands.move(1_000)
        return await self._doors.ask(method, path, body, headers=headers)


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    """Doors with something behind them."""
    ready, stop = threading.Event(), threading.Event()
    found: list[Fuzzed] = []

    async def serve() -> None:
        folder = tmp_path_factory.mktemp("doors")
        async with served(folder, config=door_settings(folder)) as world:
            opened = Doors(world)
            await opened.put(id=OTHER)
            found.append(Fuzzed(opened, asyncio.get_running_loop()))
            ready.set()
            while not stop.is_set():
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(60)
    yield found[0]
    stop.set()
    thread.join()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document."""
    yield path
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in rows:
        yield from places(inner, (*path, key))


def mutated(document: Any, path: tuple[Any, ...], new: Any, how: str) -> Any:
    """A document with something else in one place, or with that place gone or doubled."""
    changed = copy.deepcopy(document)
    if not path:
        return new
    at = changed
    for key in path[:-1]:
        at = at[key]
    if how == "drop":
        del at[path[-1]]
    elif how == "wrap":
        at[path[-1]] = [at[path[-1]]]
    else:
        at[path[-1]] = new
    return changed


@settings(max_examples=MUTATIONS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_documents_with_something_odd_in_them(doors: Fuzzed, data: st.DataObject) -> None:
    """One member or more is another thing, is gone, or stands in a list: an answer, and a good one only where it is
    harmless."""
    method, path, document = data.draw(st.sampled_from(SENT))
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.sampled_from(list(places(document))))
        how = data.draw(st.sampled_from(["put", "put", "put", "drop", "wrap"]))
        document = mutated(document, place, data.draw(ODD), how)
    answer = doors.send(method, path, json.dumps(document).encode())
    assert answer.status_code in FORMS_SEEN, answer.text


@settings(max_examples=MUTATIONS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SENT), st.binary(max_size=64), st.integers(0, 2_000), st.booleans())
def test_bytes_that_were_cut_or_damaged(
    doors: Fuzzed, sent: tuple[str, str, Any], noise: bytes, where: int, cut: bool
) -> None:
    """A body that breaks off, and one with other bytes in its midst."""
    method, path, document = sent
    good = json.dumps(document).encode()
    where %= len(good)
    body = good[:where] + noise + (b"" if cut else good[where + len(noise) :])
    answer = doors.send(method, path, body)
    assert answer.status_code in FORMS_SEEN, answer.text


SEGMENT = st.one_of(
    st.sampled_from([ID, OTHER, "query", "", "x", "telemetry", "0" * 32, "%2F", "%00", "%ff", "a b", "é", "{id}"]),
    st.text(max_size=20).filter(lambda text: text not in (".", "..")),  # a client leaves these out by itself
)


@settings(max_examples=MUTATIONS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "PROPFIND"]),
    st.sampled_from(["/dss/v1", INTENTS, CONSTRAINTS, SUBSCRIPTIONS, AREAS, RID, "/uss/v1", "/aux/v1", "/versions"]),
    st.lists(SEGMENT, max_size=4),
    st.text(max_size=30),
)
def test_addresses_of_all_kinds(doors: Fuzzed, method: str, prefix: str, segments: list[str], query: str) -> None:
    """Any path below a door, by any method, with any query."""
    import urllib.parse

    path = "/".join([prefix, *(urllib.parse.quote(s, safe="%{}.") for s in segments)])
    answer = doors.send(method, f"{path}?area={urllib.parse.quote(query)}", b"{}")
    assert answer.status_code in FORMS_SEEN, answer.text


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200),
    st.sampled_from(["Bearer ", "bearer", ""]),
)
def test_tokens_of_all_kinds(doors: Fuzzed, token: str, scheme: str) -> None:
    """Whatever stands in the header is 401, or 429 when there was too much of it."""
    answer = doors.send("GET", f"{INTENTS}/{ID}", b"", {"authorization": f"{scheme}{token}".strip()})
    assert answer.status_code in (401, 429)


@pytest.fixture(scope="module")
def served_doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A node on loopback in a thread of its own: its address, and a token that is good for all of it."""
    ready, stop = threading.Event(), threading.Event()
    found: list[tuple[str, str]] = []

    async def serve() -> None:
        folder = tmp_path_factory.mktemp("served")
        async with served(folder, config=door_settings(folder)) as world:
            opened = Doors(world)
            await opened.put(id=OTHER)
            async with on_loopback(world) as client:
                found.append((str(client.base_url).rstrip("/"), opened.token("uss1", EVERY)))
                ready.set()
                while not stop.is_set():
                    await asyncio.sleep(0.01)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(60)
    yield found[0]
    stop.set()
    thread.join()


@pytest.mark.parametrize("door", DOORS, ids=lambda d: d.name)
def test_no_request_that_the_document_allows_or_forbids_gives_a_500(served_doors: tuple[str, str], door: Any) -> None:
    """Requests made from `/openapi.json`, right and wrong ones: every answer is as it says, no refusal is a fault."""
    url, token = served_doors
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    operation = schema[door.path][door.method]
    components = {"components": schema.raw_schema["components"]}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @_given(operation)
    def each(case: Any) -> None:
        answer = case.call(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=20)
        assert answer.status_code in FORMS_SEEN, answer.text
        rows = schema.raw_schema["paths"][door.path][door.method.lower()]["responses"]
        described = rows.get(str(answer.status_code), rows["default"])
        if answer.content and answer.headers["content-type"][0] == "application/json":
            whole = components | described["content"]["application/json"]["schema"]
            errors = list(jsonschema_rs.Draft202012Validator(whole).iter_errors(answer.json()))
            assert not errors, (answer.status_code, errors[:2])

    each()


def _given(operation: Any) -> Any:
    modes = [operation.as_strategy(generation_mode=mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]
    return given(case=modes[0] | modes[1])
