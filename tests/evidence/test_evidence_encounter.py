"""The report of an encounter shows what both sides said and were told: from a ledger, a party's copy, a node."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
import structlog
from lines import Lines
from served import founded, seed_of, serving
from worlds import DAY, SECOND

from wideberth.cli import run
from wideberth.cli.encounter_said import filed_as, said_in_ledger
from wideberth.cli.encounters import find
from wideberth.encounter.files import Given
from wideberth.encounter.join import Encounter, Minima
from wideberth.encounter.rebuild import Said, context_us
from wideberth.evidence.given import held, parts_given
from wideberth.keys import Key, write_key
from wideberth.ledger.export import export_given, export_whole
from wideberth.party.alerts import AlertKind, FileEncounter, Side, Stage, Warned, Warning_
from wideberth.party.command import Disclosure, Text

TRACKS = Path(__file__).parents[2] / "examples" / "tracks.csv"
ALERT = bytes([7]) * 16


class Near(NamedTuple):
    """An encounter while the ledger of `world` was written, and files of that ledger."""

    one: Encounter
    whole: Path
    mine: Path


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Near:
    """AAA calls BBB, both are warned by the watch, three days later both file a version; CCC had said something."""
    world = Lines(seed=51)
    plan, _ = world.plan("AAA", world.box(), disclosure=Disclosure.OPEN)
    (one,) = find([TRACKS], Given(""), Minima()).encounters
    early, _ = world.tell("CCC", "BBB", text="Long before.")
    world.wait(600)
    world.tell("AAA", "BBB", text="We turn left.")
    world.now_us += SECOND
    at_us = world.now_us
    one = msgspec.structs.replace(one, enter_us=at_us - SECOND, nearest_us=at_us, exit_us=at_us + SECOND)
    sides = Side("AAA", plan, "a10001"), Side("BBB", b"", "a10002")
    row = Warning_(ALERT, AlertKind.PAIR, Stage.HAPPENED, sides, at_us, at_us, 2_400_000, 150_000)
    world.sequencer.say(Warned((row,)), at_us)
    world.now_us += 3 * DAY
    for party, to in (("AAA", "BBB"), ("BBB", "AAA")):
        command = FileEncounter(filed_as(one).bytes, party[0].encode() * 32, "C", at_us, (to,), 0)
        assert world.speak(party, command, Text("en", f"As {party} saw it.")).accepted
    folder = tmp_path_factory.mktemp("near")
    with (folder / "whole").open("xb") as file:
        export_whole(world.store, file)
    named = held("BBB", world.store.read()).commitments()
    with (folder / "mine").open("xb") as file:
        export_given(world.store, file, "BBB", lambda entry: parts_given(entry, "BBB", named))
    assert early
    return Near(one, folder / "whole", folder / "mine")


def rows(said: list[Said], kind: str, party: str) -> list[str]:
    """What one said or was told, without the facts."""
    return [s.text.partition(";")[0] for s in said if (s.kind, s.party) == (kind, party)]


def test_both_sides_calls_warnings_and_versions(near: Near) -> None:
    """From the whole ledger: the call, the warning to both, and both versions though they were filed days later."""
    said = said_in_ledger(near.whole, "", near.one)
    assert "sends a message «We turn left.» (en, untranslated)" in rows(said, "said", "AAA")
    for party in ("AAA", "BBB"):
        assert "two tracks have come too near one another" in rows(said, "told", party)
        version = f"files its version of an encounter «As {party} saw it.» (en, untranslated)"
        assert version in rows(said, "said", party)
    assert any("the live watch told AAA and BBB" in text for text in rows(said, "ledger", "the ledger"))
    assert not any("Long before." in s.text for s in said)
    from_us, to_us = context_us(near.one)
    assert {s.version for s in said if s.time_us > to_us} == {True}
    assert len(set(said)) == len(said)
    assert from_us < min(s.time_us for s in said if s.version)


def test_a_partys_own_copy_shows_what_it_was_told(near: Near) -> None:
    """The same with --party and from its export: nothing that AAA signed, its version as BBB was told of it."""
    from_whole, from_copy = said_in_ledger(near.whole, "BBB", near.one), said_in_ledger(near.mine, "", near.one)
    assert from_whole == from_copy
    assert rows(from_copy, "said", "AAA") == []
    versions = [s.text for s in from_copy if s.version and s.kind == "told"]
    assert len(versions) == 2
    assert "As AAA saw it." in "".join(versions)
    assert "a10001" not in "".join(s.text for s in from_copy), "the other side's track"


@pytest.fixture(scope="module")
def url_and_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A node with AAA, BBB and CCC."""
    folder = tmp_path_factory.mktemp("node")
    founded(folder)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with serving(folder) as address:
        yield address, folder
    structlog.reset_defaults()


def test_what_one_files_stands_in_the_others_report(
    url_and_folder: tuple[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Filed by AAA from the command line; BBB's report has it from the node, the folder and a piece of evidence."""
    url, folder = url_and_folder
    today = datetime.now(UTC)
    day = today - timedelta(days=2)
    tracks = tmp_path / "tracks.csv"
    tracks.write_text(TRACKS.read_text().replace("2026-09-01", f"{day:%Y-%m-%d}"))
    for party in ("AAA", "BBB"):
        write_key(tmp_path / f"{party}.key", Key("watch", party, "desk", seed_of(party)))
    (one,) = find([tracks], Given(""), Minima()).encounters

    def encounter(out: str, *words: str) -> tuple[int, str, str]:
        made = ["encounter", one.id, str(tracks), "--out", str(tmp_path / out), "--url", url, *words]
        status = run(made)
        page = tmp_path / out / "report.html"
        read = capsys.readouterr()
        return status, read.out + read.err, page.read_text() if page.exists() else ""

    key = ("--key", str(tmp_path / "AAA.key"))
    status, out, page = encounter("a", *key, "--file-to", "BBB", "--words", "They came from behind.")
    assert status == 0
    assert f"Filed as {filed_as(one)}, and BBB told." in out
    assert "No ledger and no evidence of one was given" in page
    case = str(tmp_path / "case.zip")
    asked = ("--encounter", str(filed_as(one))[:8], "--party", "BBB", "--no-pdf", "--out", case)
    assert run(["evidence", str(folder), *asked]) == run(["verify", case]) == 0
    for name, words in (
        ("d", ("--evidence", case)),
        ("b", ("--node", "--key", str(tmp_path / "BBB.key"))),
        ("c", ("--ledger", str(folder), "--party", "BBB")),
    ):
        status, out, page = encounter(name, *words)
        assert status == 0, out
        assert "told: a version of an encounter was filed «They came from behind.»" in page
        assert any(f"<td>{d:%Y-%m-%d} " in page for d in (today, datetime.now(UTC))), "with the day that it was filed"
    for odd in (["--node"], ["--file-to", "BBB"], ["--ledger", str(folder), "--node", *key]):
        assert encounter("e", *odd)[0] == 2
