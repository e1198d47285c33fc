"""`/openapi.json` is true: it lists what is served, and what is answered is what it says."""

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from api_kit import MINUTE, World, on_loopback, run, served
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from worlds import HOUR, START_US, charter, square

from wideberth.api.routes import ENDPOINTS
from wideberth.party.charter import Area
from wideberth.party.command import Disclosure, PlaceKind, Procedure, Propose, Protect, Shift, Text, Volumes
from wideberth.party.hotline import CheckLine, Stop
from wideberth.party.hotline import Path as LinePath

EXAMPLES = 400 if os.environ.get("WIDEBERTH_LONG") else 25


def test_every_endpoint_is_described_and_nothing_else(tmp_path: Path) -> None:
    """The document and the table of endpoints name the same addresses, each with its problems and its session."""

    async def steps(world: World) -> None:
        document = (await world.client.get("/openapi.json")).json()
        assert document["openapi"] == "3.1.0"
        described = {(m.upper(), path) for path, row in document["paths"].items() for m in row}
        assert described == {(e.method, e.path) for e in ENDPOINTS}
        for endpoint in ENDPOINTS:
            row = document["paths"][endpoint.path][endpoint.method.lower()]
            assert {"200", "400", "404", "429", "503"} <= set(row["responses"])
            assert bool(row["security"]) is endpoint.session
            assert ("requestBody" in row) is (endpoint.body is not None)
        identifiers = [op["operationId"] for row in document["paths"].values() for op in row.values()]
        assert len(set(identifiers)) == len(identifiers)

    run(tmp_path, steps)


class Schemas:
    """Checks answers against the document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def check(self, method: str, path: str, status: int, kind: str, value: object) -> None:
        """Fail where an answer is not what the document says."""
        content = self.document["paths"][path][method.lower()]["responses"][str(status)]["content"]
        schema = content[kind.partition(";")[0]]["schema"]
        whole = {"components": self.document["components"], **schema}
        errors = list(jsonschema_rs.Draft202012Validator(whole).iter_errors(value))
        assert not errors, (path, status, errors[:2])


def test_answers_are_what_the_document_says(tmp_path: Path) -> None:
    """A theatre with a bit of everything in it: every answer, good or refused, fits its schema."""
    area = Area("Border line", "line", square(42.0, -38.0, 0.05), 0, 9_000_000, ("BBB",))

    async def steps(world: World) -> None:
        schemas = Schemas((await world.client.get("/openapi.json")).json())
        operation, sent = await world.plan("AAA", world.box(), shared="relief")
        _, second = await world.plan("BBB", world.box(), disclosure=Disclosure.OPEN)
        for answer in (sent, second):
            schemas.check("POST", "/v1/commands", 200, answer.headers["content-type"], answer.json())
        place = Protect(world.draw(16), 0, PlaceKind.SCHOOL, 0, "UN", START_US, START_US + HOUR)
        await world.say("BBB", place, Volumes((world.box(lat=44),)))
        conflict = second.json()["conflicts"][0]["id"]
        thing = bytes.fromhex(conflict.replace("-", ""))
        await world.say("BBB", Propose(thing, world.draw(16), Procedure(0)), Text("en", "words"))
        await world.say("AAA", Propose(thing, world.draw(16), Shift("mine", MINUTE, 0)))
        message = world.draw(16)
        stopped = await world.say("AAA", Stop(message, "stop"))
        schemas.check("POST", "/v1/commands", 200, stopped.headers["content-type"], stopped.json())
        await world.say("AAA", CheckLine(world.draw(16), "BBB", LinePath.FIRST))
        ids = {"/v1/operations/{id}": operation.hex(), "/v1/conflicts/{id}": conflict}
        ids["/v1/messages/AAA/{id}"] = message.hex()
        queries = {
            "/v1/positions/show": "?lat=1&lon=2",
            "/v1/proofs/inclusion": "?sequence=1",
            "/v1/proofs/consistency": "?first=1",
        }
        for endpoint in ENDPOINTS:
            if endpoint.method != "GET" or endpoint.answer is None:
                continue
            path = endpoint.path.replace("{sender}", "AAA")
            thing_id = ids.get(path, conflict)
            wanted = [(path.replace("{id}", f"{uuid(thing_id)}") + queries.get(endpoint.path, ""), 200)]
            if endpoint.has_id:
                wanted += [(path.replace("{id}", "nonsense"), 400)]
                wanted += [(path.replace("{id}", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"), 404)]
            for address, status in wanted:
                answer = await world.get("AAA", address) if endpoint.session else await world.client.get(address)
                assert answer.status_code == status, (address, answer.text)
                schemas.check("GET", endpoint.path, status, answer.headers["content-type"], answer.json())
            if endpoint.session:
                bare = await world.client.get(wanted[0][0])
                schemas.check("GET", endpoint.path, 401, bare.headers["content-type"], bare.json())

    run(tmp_path, steps, rules=charter(areas=(area,)))


def uuid(text: str) -> str:
    """32 digits as a UUID."""
    plain = text.replace("-", "")
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


# fuzzing


@pytest.fixture(scope="module")
def served_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """A node on loopback in a thread of its own, with something in it; its address, and a header that reads it."""
    ready, stop = threading.Event(), threading.Event()
    found: dict[str, Any] = {}

    async def serve() -> None:
        async with served(tmp_path_factory.mktemp("fuzz")) as world:
            await world.plan("AAA", world.box())
            await world.plan("BBB", world.box())
            found["headers"] = await world.headers("AAA")
            async with on_loopback(world) as client:
                found["url"] = str(client.base_url)
                ready.set()
                while not stop.is_set():
                    world.hands.move(20_000)  # so that openings are not used up, and streams end with their session
                    await asyncio.sleep(0.01)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(60)
    yield found["url"].rstrip("/"), found["headers"]
    stop.set()
    thread.join()


FUZZED = [e for e in ENDPOINTS if e.path not in ("/v1/stream", "/v1/export")]


@pytest.mark.parametrize("endpoint", FUZZED, ids=lambda e: e.name)
def test_no_request_that_the_document_allows_or_forbids_gives_a_500(
    served_url: tuple[str, dict[str, str]], endpoint: Any
) -> None:
    """Requests made from the document, right and wrong ones: no 500, every answer as described, every refusal a
    problem."""
    url, headers = served_url
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    operation = schema[endpoint.path][endpoint.method]

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
        answer = case.call(base_url=url, headers=headers, timeout=20)
        assert answer.status_code != 500, answer.text
        assert answer.status_code in (200, 400, 401, 403, 404, 405, 409, 413, 415, 429, 503)
        if answer.status_code != 200:
            assert answer.headers["content-type"][0] == "application/problem+json"
            assert answer.json()["detail"].endswith(".")
        elif endpoint.answer is not None:
            Schemas(schema.raw_schema).check(endpoint.method, endpoint.path, 200, "application/json", answer.json())

    each()


def _given(operation: Any) -> Any:
    modes = [operation.as_strategy(generation_mode=mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]
    return given(case=modes[0] | modes[1])
