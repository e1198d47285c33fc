"""The exercise: its script fits its land, its ledger is what it says, and the other parties keep it going."""

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from played import played
from served import NODE_SEED, serving

from wideberth.cli import run
from wideberth.cli.ledgers import folder_keys
from wideberth.client import View, proposal_subject
from wideberth.client.wire import Conflict, Operation, unb64
from wideberth.demo.exercise import PERSON, Exercise, charter, everything, genesis, seed_of, seeded
from wideberth.demo.flights import ARRIVALS, FLIGHTS, LATE
from wideberth.demo.land import MINUTE_US, border_band, gazetteer, land
from wideberth.demo.others import FILE_EVERY_S, THINK_S, Others, fresh_plan
from wideberth.demo.plans import CONSTRAINTS, PARTIES, PROTECTED, Closed, Flight, Kept
from wideberth.demo.stage import LEAD_S, sign_on
from wideberth.demo.talk import ANSWERS, BEFORE, LATER, Say
from wideberth.ledger.stored import Stored
from wideberth.node import found_theatre
from wideberth.party.charter import CLASSES, TrafficClass, check_charter
from wideberth.party.command import Disclosure
from wideberth.party.identity import public_key
from wideberth.sequencer import envelope_of
from wideberth.space.overlap import near
from wideberth.space.volume import check_volume
from wideberth.theatre.conflicts import class_number
from wideberth.theatre.record import replay
from wideberth.theatre.state import State

Thing = Flight | Closed | Kept
START_US = 1_795_000_000_000_000
LAST_LINE = "An exercise on invented land. Not certified for operational use. Ctrl-C ends it.\n"


def kind(thing: Thing) -> TrafficClass:
    """The class of a thing of the script."""
    match thing:
        case Flight():
            return CLASSES[class_number(thing.domain, thing.crewed)]
        case Closed():
            return TrafficClass.CONSTRAINT
        case Kept():
            return TrafficClass.PROTECTED


def meeting(things: tuple[Thing, ...]) -> set[frozenset[str]]:
    """Every pair that comes too near by the charter: brute force over all pairs of volumes."""
    rules = charter()
    volumes = {thing.label: [band.at(START_US) for band in thing.bands] for thing in things}
    found = set()
    for a, b in itertools.combinations(things, 2):
        if isinstance(a, Flight) or isinstance(b, Flight):
            horizontal, vertical = rules.minima_mm(kind(a), kind(b))
            pairs = itertools.product(volumes[a.label], volumes[b.label])
            if any(near(x, y, horizontal / 1_000, vertical) is not None for x, y in pairs):
                found.add(frozenset((a.label, b.label)))
    return found


def final_state() -> State:
    """The state at the end of the exercise that was played."""
    state, folder = State(), played().folder
    for entry in Stored(folder, folder_keys(folder)).entries():
        replay(state, entry)
    return state


# the script


def test_the_script_is_rich_enough() -> None:
    """Enough parties, operations, disclosure classes, protected places and lines for every kind of conflict."""
    assert len(PARTIES) >= 6
    assert len(FLIGHTS) >= 60
    assert len(PROTECTED) >= 2
    assert {flight.disclosure for flight in FLIGHTS} == set(Disclosure)
    assert any(area.kind == "line" and len(area.parties) >= 2 for area in charter().areas)
    assert LATE.start_min * MINUTE_US < charter().lead_us
    assert check_charter(charter()) is None


def test_every_label_is_there_once() -> None:
    """Labels name things in the talk, so none stands twice, and the talk names no other."""
    labels = Counter(thing.label for thing in everything())
    assert set(labels.values()) == {1}
    spoken = {word.mine if isinstance(word, Say) else word.label for word in (*BEFORE, *LATER, *ANSWERS)}
    assert spoken <= set(labels)
    owners = {thing.label: thing.party for thing in everything()}
    assert all(owners[word.mine] == word.party for word in (*BEFORE, *LATER, *ANSWERS) if isinstance(word, Say))


def test_every_volume_lies_in_the_theatre() -> None:
    """Nothing of the script breaks a limit, at whatever time the exercise starts."""
    rules = charter()
    for thing in everything():
        for i, band in enumerate(thing.bands):
            volume = band.at(START_US)
            no = check_volume(
                volume, START_US - 30 * 1_000_000, rules.horizon_us, rules.bounds_nd, f"{thing.label}[{i}]"
            )
            assert no is None, no


def test_the_land_is_the_pages() -> None:
    """Places and border come from the file that the page draws."""
    assert gazetteer()["Pelit"] == (42.3008, -38.3848)
    assert len(border_band().ring) // 2 in (len(land()["border_band"]), len(land()["border_band"]) - 1)


def test_draws_follow_the_seed() -> None:
    """Two exercises of one seed draw the same bytes; another seed draws others, and no draw repeats."""
    one, same, other = seeded("1"), seeded("1"), seeded("2")
    drawn = [one(16) for _ in range(50)]
    assert drawn == [same(16) for _ in range(50)]
    assert len(set(drawn) | {other(16) for _ in range(50)}) == 100


# the exercise, played to its end


def test_the_figures_are_those_of_the_ledger() -> None:
    """What `demo --once` prints is what stands in the ledger, and that is sound."""
    figures, state = played().figures, final_state()
    assert played().status == 0, played().errors
    assert figures["sound"]
    assert figures["entries"] == state.size
    things = Counter(thing.what for thing in state.things.values())
    assert (figures["operations"], figures["constraints"], figures["protected"]) == (
        things["operation"],
        things["constraint"],
        things["protected"],
    )
    assert (things["operation"], things["constraint"], things["protected"]) == (
        len(FLIGHTS),
        len(CONSTRAINTS),
        len(PROTECTED),
    )
    states = Counter(conflict.state.value for conflict in state.conflicts.values())
    counted = (figures["cleared"], figures["by_procedure"], figures["risk_accepted"], figures["open"])
    assert counted == (states["cleared"], states["settled"], states["accepted"], states["open"])
    folder = played().folder
    by_parties = sum(bool(envelope_of(entry).party) for entry in Stored(folder, folder_keys(folder)).entries())
    assert figures["commands"] == by_parties
    assert figures["by_node"] == state.size - by_parties


def test_the_figures_are_those_of_the_script() -> None:
    """The counts follow from the script alone, so they are the same each time."""
    figures = played().figures
    words = len(BEFORE) + len(LATER) + len(ANSWERS)
    assert figures["commands"] == len(everything()) + words
    assert figures["conflicts"] == len(meeting(everything())) >= 8
    assert figures["refused"] == {"conflict-open": 1}
    assert (figures["open"], figures["own_pairs"]) == (1, 1)


def test_conflicts_are_those_of_brute_force() -> None:
    """The theatre found every pair that comes too near, and no other."""
    state = final_state()
    labels = {thing_id(thing.label): thing.label for thing in everything()}
    found = {frozenset((labels[c.first[1]], labels[c.second[1]])) for c in state.conflicts.values()}
    assert found == meeting(everything())


def thing_id(label: str) -> bytes:
    """The id of a thing in the exercise that was played: ids are drawn in the order of filing."""
    return ids()[label]


def ids() -> dict[str, bytes]:
    """All ids, by label."""
    state = final_state()
    rows = sorted((thing for thing in state.things.values()), key=first_filed)
    return {thing.label: row.id for thing, row in zip(everything(), rows, strict=True)}


def first_filed(row: object) -> int:
    """The entry in which a thing was filed first."""
    return FILED[row.id]  # type: ignore[attr-defined]


class Filings(dict[bytes, int]):
    """By id, the entry in which a thing was filed first; read from the ledger when first asked."""

    def __missing__(self, key: bytes) -> int:
        folder = played().folder
        for entry in Stored(folder, folder_keys(folder)).entries():
            command = envelope_of(entry).command
            for name in ("operation", "constraint", "place"):
                if getattr(command, "replaces", None) == 0 and hasattr(command, name):
                    self.setdefault(getattr(command, name), entry.sequence)
        return dict.__getitem__(self, key)


FILED = Filings()


# the exercise as it lives


class Live:
    """An exercise that was set up as for somebody at the page."""

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self.others = Others(exercise)
        self.elapsed_s = 0.0
        self.begun: datetime = exercise.time(-LEAD_S / 60)

    def pass_time(self, seconds: float, now: datetime | None = None) -> None:
        """The other parties look every two seconds."""
        end = self.elapsed_s + seconds
        while self.elapsed_s < end:
            self.elapsed_s += 2
            self.others.look(self.elapsed_s, now or self.begun + timedelta(seconds=self.elapsed_s))

    def view(self, party: str = PERSON) -> View:
        """What a party sees."""
        return self.exercise.view(party)

    def conflict(self, mine: str, peer: str | None) -> Conflict:
        """A conflict of the person's party."""
        return next(c for c in self.view().conflicts if c.mine.label == mine and c.other.party == peer)

    def operation(self, label: str, party: str = PERSON) -> Operation:
        """An operation."""
        return next(o for o in self.view(party).operations if o.label == label)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One exercise; the tests below follow one another in time, as a watch does."""
    folder = tmp_path_factory.mktemp("live") / "sarvel"
    found_theatre(folder, genesis("7", public_key(NODE_SEED), START_US), NODE_SEED)
    with serving(folder) as url:
        exercise = Exercise(url, "7", time.time_ns() // 1_000 + LEAD_S * 1_000_000)
        with closing(exercise):
            for thing in everything():
                if thing not in [flight for _, flight in ARRIVALS]:
                    exercise.file(thing)
            for word in BEFORE:
                exercise.must(word)
            yield Live(exercise)


def test_the_first_picture_is_the_mocks(live: Live) -> None:
    """Whoever sits down sees HAS-0417 450 ft below a plan of Merova's, a way out proposed, and time to settle."""
    conflict = live.conflict("HAS-0417", "MAF")
    (place,) = conflict.places
    assert conflict.state == "open"
    assert conflict.blocks == "mine"
    assert place.vertical_m == pytest.approx(450 * 0.3048)
    assert place.horizontal_m < 0
    assert [p.state for p in conflict.proposals] == ["objected", "open"]
    assert 10 * 60 < (conflict.settle_by - live.begun).total_seconds() < 25 * 60
    assert live.operation("HAS-0417").missing == ("MAF",)
    assert [asked.area for asked in live.view().asked] == ["Pelit landing zone"]


def test_open_conflicts_wait_for_the_person(live: Live) -> None:
    """Of every state something is there to be seen, and several conflicts wait."""
    states = Counter(conflict.state for conflict in live.view().conflicts)
    assert states["open"] >= 3
    assert states["accepted"] >= 1
    assert states["settled"] >= 1


def test_others_speak_when_their_time_comes(live: Live) -> None:
    """A late plan and a private one come in while somebody looks on; their owners propose without being asked."""
    assert not [c for c in live.view().conflicts if c.mine.label in ("HAS-0421", "HAS-0422")]
    live.pass_time(172)
    (proposal,) = live.conflict("HAS-0422", None).proposals
    assert (proposal.by, proposal.state) == (None, "open")
    assert live.conflict("HAS-0421", "MAF").proposals


def test_a_concurrence_settles_and_the_border_opens(live: Live) -> None:
    """When the person concurs, the conflict is cleared, and both states concur with the crossing by themselves."""
    conflict = live.conflict("HAS-0417", "MAF")
    client = live.exercise.clients[PERSON]
    proposal = next(p for p in conflict.proposals if p.state == "open")
    client.concur(proposal_subject(conflict.id, proposal.id))
    assert live.operation("HAS-0417").version == 2
    for label, peer in (("HAS-0421", "MAF"), ("HAS-0422", None)):
        other = live.conflict(label, peer)
        client.concur(proposal_subject(other.id, other.proposals[-1].id))
    live.pass_time(2 * max(THINK_S.values()))
    assert {word.party for word in live.operation("HAS-0417").concurred} == {"MAF", "TAF"}
    assert live.operation("HAS-0417").missing == ()


def test_others_answer_what_the_person_proposes(live: Live) -> None:
    """A procedure is agreed to; a move too far is objected to, with a reason."""
    client = live.exercise.clients[PERSON]
    closure = live.conflict("HAS-0420", "CAA")
    client.propose_procedure(closure.id, "We land outside and walk.")
    hospital = live.conflict("Pelit field hospital", "KSD")
    client.propose_shift(hospital.id, "other", start_s=5 * 3_600)
    live.pass_time(2 * max(THINK_S.values()))
    assert live.conflict("HAS-0420", "CAA").state == "settled"
    after = live.conflict("Pelit field hospital", "KSD")
    (mine,) = [p for p in after.proposals if p.mine]
    assert mine.state == "objected"
    assert any(said.what == "objected" and said.text for said in after.said)


def test_plans_start_and_end_in_their_time(live: Live) -> None:
    """Other parties activate what begins and end what is over; nothing is said for the person's party."""
    before = [o.state for o in live.view().operations if o.mine]
    live.pass_time(20, now=live.exercise.time(1))
    assert live.operation("TAF-0118").state == "Activated"
    live.pass_time(20, now=live.exercise.time(81))
    assert "TAF-0118" not in {o.label for o in live.view("TAF").operations if o.state == "Activated"}
    assert [o.state for o in live.view().operations if o.mine] == before


def test_notices_are_signed_for_and_new_plans_come(live: Live) -> None:
    """The other parties sign for what they were told, and somebody files a new plan every few minutes."""
    before = {o.label for party in PARTIES for o in live.view(party).operations}
    live.pass_time(FILE_EVERY_S + 10)
    after = {o.label for party in PARTIES for o in live.view(party).operations}
    assert any(re.search(r"-6\d\d\d$", str(label)) for label in after - before)
    theatre = live.exercise.clients["MAF"].theatre()
    told = next(row.told for row in theatre.parties if row.mine)  # type: ignore[union-attr]
    assert told is not None
    assert told.signed > 0


def test_whoever_is_blocked_proposes_a_way_out(live: Live) -> None:
    """A new plan of another's that meets one of the person's waits for nobody: its owner offers to give way."""
    minute = live.elapsed_s / 60
    plans = [fresh_plan(number, minute) for number in range(1, 10)]
    meets = next(plan for plan in plans if plan.party == "KSD" and plan.disclosure is Disclosure.CONFLICT_ONLY)
    live.exercise.file(meets)
    conflict = live.conflict("HAS-0430", "KSD")
    assert (conflict.blocks, conflict.proposals) == ("other", ())
    live.pass_time(2 * THINK_S["KSD"])
    (proposal,) = live.conflict("HAS-0430", "KSD").proposals
    assert proposal.by == "KSD"
    assert proposal.change.kind == "procedure" or proposal.change.whose == "other"


def test_new_plans_keep_to_the_rules() -> None:
    """The plans of every day lie in the theatre for as long as the exercise runs, and are named one by one."""
    rules = charter()
    labels = set()
    for number in range(1, 30):
        flight = fresh_plan(number, 10.0 * number)
        labels.add(flight.label)
        for band in flight.bands:
            volume = band.at(START_US)
            now_us = START_US + 10 * number * MINUTE_US
            assert check_volume(volume, now_us, rules.horizon_us, rules.bounds_nd, flight.label) is None
            assert volume.start_us >= now_us + rules.lead_us
    assert len(labels) == 29


# the stage


def test_an_address_signs_a_party_on() -> None:
    """The fragment holds party and seed of the exercise, and the seed is that of the founding."""
    address = sign_on("http://127.0.0.1:1", "7", "TAF")
    found = re.fullmatch(r"http://127\.0\.0\.1:1/#party=TAF&seed=([A-Za-z0-9_-]{43})", address)
    assert found is not None
    assert unb64(found[1]) == seed_of("7", "TAF")
    keys = {f.party: f.watch.key for f in genesis("7", bytes(32), START_US).founders}
    assert public_key(unb64(found[1])) == keys["TAF"]


def test_a_stage_that_cannot_be_built_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that is in use and a port that is taken end with 3 and one line."""
    (tmp_path / "mine").write_text("x")
    assert run(["demo", "--once", "--data", str(tmp_path)]) == 3
    assert "is not empty" in capsys.readouterr().err
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert run(["demo", "--port", str(taken.getsockname()[1])]) == 3
    assert "cannot listen" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_exercise_ends_when_told_to(tmp_path: Path, number: signal.Signals) -> None:
    """The page is served until Ctrl-C or SIGTERM; then node and temporary folder are gone, and the status is 0."""
    demo = subprocess.Popen(
        [sys.executable, "-m", "wideberth.cli", "demo", "--port", "0"],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert demo.stdout is not None
    with demo.stdout:
        shown = "".join(iter(demo.stdout.readline, LAST_LINE))
        address = re.search(r"http://127\.0\.0\.1:\d+", shown)
        assert address is not None, shown
        about = httpx.get(f"{address[0]}/v1/about").json()
        page = httpx.get(f"{address[0]}/")
        demo.send_signal(number)
        assert "The exercise ends." in demo.stdout.read()
    assert demo.wait(60) == 0
    assert (about["theatre"], about["exercise"]) == ("sarvel", True)
    assert page.headers["content-type"].startswith("text/html")
    assert list(tmp_path.glob("wideberth-*")) == []
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{address[0]}/v1/about")
