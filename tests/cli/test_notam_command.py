"""`wideberth notam` against a node: drafts of what is planned and said there."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from served import founded, seed_of, serving
from worlds import circle

from wideberth.cli import run
from wideberth.client import Answer, Client
from wideberth.client.hotline import Hotline
from wideberth.keys import Key, write_key
from wideberth.party.command import ConstraintKind, Disclosure, Domain
from wideberth.space.units import time_to_us
from wideberth.space.volume import Volume4D
from wideberth.words.notam import MARK

Captured = pytest.CaptureFixture[str]
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    """A node with plans, a closure and a notice of AAA; how BBB comes to it."""
    folder = tmp_path_factory.mktemp("node")
    founded(folder)
    key = folder / "bbb.key"
    write_key(key, Key("watch", "BBB", "desk", seed_of("BBB")))
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with serving(folder) as url:
        with Client(url, "AAA", seed_of("AAA")) as client:
            said = [
                client.plan(client.new_id(), [where(42)], label="drone", crewed=False, disclosure=Disclosure.OPEN),
                client.plan(
                    client.new_id(), [where(42.5)], label="truck", domain=Domain.GROUND, disclosure=Disclosure.OPEN
                ),
                client.constrain(client.new_id(), ConstraintKind.CLOSURE, [where(43)], label="closed"),
                Hotline(client).send(client.new_id(), ["BBB"], phrase="notice", volumes=[where(44)]),
            ]
            assert [a for a in said if not isinstance(a, Answer)] == []
        yield "--key", str(key), "--url", url
    structlog.reset_defaults()


def where(lat: float) -> Volume4D:
    """A volume in an hour."""
    start, end = (time_to_us(NOW + timedelta(hours=hours)) for hours in (1, 2))
    return Volume4D(circle(lat, -38, 2_000), 0, 500_000, start, end)


def spoken(capsys: Captured, *words: str) -> tuple[int, str, str]:
    """Exit status, output and errors of a run."""
    capsys.readouterr()
    return run(["notam", *words]), *capsys.readouterr()


def test_plans_constraints_and_notices_are_drafted(at: tuple[str, ...], capsys: Captured) -> None:
    """Each with the code of what it is; the mark of a draft stands under it, what was assumed at the end."""
    for name, code, lat in (("drone", "QWULW", "4200N"), ("closed", "QRTCA", "4300N")):
        status, out, _ = spoken(capsys, name, "--fir", "XXXX", *at)
        assert status == 0
        lines = out.splitlines()
        assert lines[1].startswith(f"Q) XXXX/{code}/IV/BO/W/000/")
        assert f"/{lat}03800W002" in lines[1]
        assert lines[5] == MARK
        assert lines[-1].startswith("Assumed: ")
    with Client(at[3], "BBB", seed_of("BBB")) as client:
        listed = Hotline(client).messages()
        assert not hasattr(listed, "reason")
        (message,) = listed.messages
    status, out, _ = spoken(capsys, f"AAA/{str(message.id)[:8]}", "--fir", "XXXX", *at, "--json")
    (made,) = json.loads(out)
    assert (status, made["draft"], made["items"]["Q"][:10]) == (0, True, "XXXX/QXXXX")


def test_what_cannot_be_drafted_is_said(at: tuple[str, ...], capsys: Captured) -> None:
    """What is not there, what no aircraft minds unless somebody says so, a region that is none: a sentence."""
    for words, sentence in (
        (("nothing", "--fir", "XXXX"), "There is no plan or constraint 'nothing' that you may see."),
        (("truck", "--fir", "XXXX"), "'truck' is no hazard to aircraft by what it says"),
        (("drone", "--fir", "XX"), "four letters, such as LTAA"),
    ):
        status, out, err = spoken(capsys, *words, *at)
        assert (status, out) == (2, "")
        assert sentence in " ".join(err.split())
    assert "QXXXX" in spoken(capsys, "truck", "--fir", "XXXX", "--hazard", "other", *at)[1]
