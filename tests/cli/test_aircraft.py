"""`wideberth aircraft` against a node: which aircraft fly a plan."""

import json
import shlex
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import structlog
from docs_kit import examples, fits
from served import founded, seed_of, serving
from worlds import circle

from wideberth.cli import run
from wideberth.cli.plan import id_of
from wideberth.client import Answer, Client
from wideberth.keys import Key, write_key
from wideberth.party.command import Disclosure
from wideberth.space.units import time_to_us
from wideberth.space.volume import Volume4D

Captured = pytest.CaptureFixture[str]
ROOT = Path(__file__).parents[2]
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A node with plans of AAA, two of them of one name."""
    folder = tmp_path_factory.mktemp("node")
    founded(folder)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with serving(folder) as address:
        with Client(address, "AAA", seed_of("AAA")) as client:
            for name, label, lat in (("one", "AAA-1", 42), ("two", "twin", 43), ("three", "twin", 44)):
                answer = client.plan(id_of("AAA", name), [where(lat)], label=label, disclosure=Disclosure.OPEN)
                assert isinstance(answer, Answer), answer
        yield address
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Watch keys in files."""
    folder = tmp_path_factory.mktemp("keys")
    for party in ("AAA", "BBB"):
        write_key(folder / f"{party}.key", Key("watch", party, "desk", seed_of(party)))
    return folder


def where(lat: float) -> Volume4D:
    """A volume in an hour."""
    start, end = (time_to_us(NOW + timedelta(hours=hours)) for hours in (1, 2))
    return Volume4D(circle(lat, -38, 2_000), 0, 500_000, start, end)


def spoken(capsys: Captured, *words: str) -> tuple[int, str, str]:
    """Exit status, output and errors of a run."""
    capsys.readouterr()
    status = run(["aircraft", *words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_aircraft_are_set_shown_kept_and_made_unknown(url: str, keys: Path, capsys: Captured) -> None:
    """By the name in the file, the label or the id; the plan's next version keeps them; no other party sees them."""
    at = ("--key", str(keys / "AAA.key"), "--url", url)
    named = ("--address", "4B1234", "--address", "4b1235", "--callsign", "SWR12")
    status, out, _ = spoken(capsys, "one", *named, *at)
    assert status == 0
    assert out.startswith("AAA-1: flown by 4B1234, 4b1235, SWR12. Entry ")
    with Client(url, "AAA", seed_of("AAA")) as client:
        assert isinstance(client.plan(id_of("AAA", "one"), [where(42.001)], replaces=1, label="AAA-1"), Answer)
    for name in ("one", "AAA-1", str(client_id())):
        status, out, _ = spoken(capsys, name, "--json", *at)
        (shown,) = json.loads(out)
        assert (status, shown["version"]) == (0, 2)
        assert (shown["addresses"], shown["callsigns"]) == (["4B1234", "4b1235"], ["SWR12"])
    status, out, _ = spoken(capsys, "AAA-1", *at)
    assert out.splitlines()[2].split() == ["AAA-1", "Accepted", "4B1234,", "4b1235", "SWR12"]
    status, out, _ = spoken(capsys, *at)
    assert out.splitlines()[-1] == "3 plans, 1 with aircraft that are known."
    with Client(url, "BBB", seed_of("BBB")) as other:
        seen = other.connection.get("/v1/view", dict)
        assert isinstance(seen, dict)
        assert "4b1235" not in json.dumps(seen).lower()
    status, out, _ = spoken(capsys, "one", "--callsign", "SWR13", "--json", *at)
    set_ = json.loads(out)
    assert (set_["addresses"], set_["callsigns"], set_["position"] > 0) == ([], ["SWR13"], True)
    status, out, _ = spoken(capsys, "one", "--unknown", *at)
    assert out.startswith("AAA-1: nobody knows which aircraft fly it. Entry ")
    assert json.loads(spoken(capsys, "one", "--json", *at)[1])[0]["callsigns"] == []


def client_id() -> UUID:
    """The id of the first plan."""
    return UUID(bytes=id_of("AAA", "one"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("four", "--address", "4b1234"), "There is no 'four' among your plans"),
        (("twin", "--address", "4b1234"), "2 of your plans are called 'twin'; say which by its id: "),
        (("--address", "4b1234"), "Which plan do they fly?"),
        (("one", "--address", "4b1234", "--unknown"), "Either --unknown, or addresses and callsigns."),
        (("one", "--address", "4b 1234"), "letters, digits and . _ : / -"),
        (("one", *(f"--address=a{n}" for n in range(99))), "1 to 64 addresses and callsigns; received 99"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(
    words: tuple[str, ...], said: str, url: str, keys: Path, capsys: Captured
) -> None:
    """Plans that are not there, names that two have, names of aircraft that no feed can spell; exit status 2."""
    status, out, error = spoken(capsys, *words, "--key", str(keys / "AAA.key"), "--url", url)
    assert (status, out) == (2, "")
    assert said in error
    assert error.count("\n") == 1


def test_the_page_of_the_live_watch_says_how(
    url: str, keys: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commands run as they stand there, with this test's plan, key and node."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(keys / "AAA.key", "has-desk1.key")
    with Client(url, "AAA", seed_of("AAA")) as client:
        assert isinstance(client.plan(id_of("AAA", "HAS-0417"), [where(45)], label="HAS-0417"), Answer)
    found = [e for e in examples(ROOT / "docs/watch.md") if e.command.startswith("wideberth aircraft ")]
    assert len(found) == 2
    for example in found:
        status, out, error = spoken(capsys, *shlex.split(example.command)[2:], "--url", url)
        assert (status, error) == (example.status, "")
        assert fits(example.output, out), out


def test_another_partys_plan_is_none_of_ones_own(url: str, keys: Path, capsys: Captured) -> None:
    """Also where it is open: who flies it is its owner's to say."""
    status, _, error = spoken(capsys, str(client_id()), "--address", "a1", "--key", str(keys / "BBB.key"), "--url", url)
    assert status == 2
    assert "among your plans" in error


def test_help_shows_an_example(capsys: Captured) -> None:
    """The command explains itself and shows how it is called."""
    _, out, _ = spoken(capsys, "--help")
    assert "Example: wideberth aircraft HAS-0417" in " ".join(out.split())
