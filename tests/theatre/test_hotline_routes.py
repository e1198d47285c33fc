"""Where cells are reached beside the stream, what has to go there, and what became of it."""

from typing import Any

import msgspec
import pytest
from lines import Lines, cell
from worlds import SECOND, START_US

from wideberth.limits import ALERTS_CARRIED_MAX
from wideberth.party.alerts import AcknowledgeAlert, AlertKind, Side, Stage, Warned, Warning_
from wideberth.party.command import Erase, Text
from wideberth.party.hotline import (
    Acknowledge,
    CancelMessage,
    CheckLine,
    Delivered,
    Path,
    Precedence,
    SetPaths,
    SetTree,
)
from wideberth.party.paths import Mail, Paths, Push, Route, Webhook, check_paths
from wideberth.refusal import Reason
from wideberth.theatre.hotline_items import HandedItem
from wideberth.theatre.hotline_routes import HANDED, Job, jobs, jobs_of, paths_now
from wideberth.theatre.hotline_views import message as view
from wideberth.theatre.snapshot import dump, load
from wideberth.theatre.state import State

HOOK = Route(Path.FIRST, Webhook("https://desk.example/hook"), "en")
MAIL = Route(Path.SECOND, Mail("duty@desk.example"), "de")
TOP = Route(Path.FIRST, Mail("top@desk.example"), "en")
PUSH = Push("https://push.example/x", b"\x04" + bytes(64), bytes(16))


class Routed(Lines):
    """Parties that say where they are reached."""

    def reach(self, party: str, cell_: str, *routes: Route) -> Any:
        """Say the routes of a cell."""
        return self.speak(party, SetPaths(cell_, 0), Paths(routes))

    def jobs(self) -> list[Job]:
        """All that has to go out."""
        return list(jobs(self.state))

    def ways(self) -> set[tuple[str, str, str]]:
        """The same in short: what, whose route, where to."""
        return {
            (j.what, j.asked, getattr(j.route.to, "address", "") or getattr(j.route.to, "url", "")) for j in self.jobs()
        }

    def hand(self, *found: Job, outcome: str = HANDED) -> None:
        """The node says that it handed these over."""
        self.sequencer.say(Delivered(tuple(job.row(outcome, self.now_us) for job in found)), self.now_us)

    def warn(self, stage: Stage, *parties: str, alert: bytes = bytes(16), doubtful: bool = False) -> None:
        """The live watch warns these."""
        sides = tuple(Side(party, b"", f"track of {party}") for party in parties)
        head = (alert, AlertKind.PAIR, stage, sides, self.now_us, self.now_us + 40 * SECOND, 900_000, 60_000)
        warning = Warning_(*head, doubtful)
        self.sequencer.say(Warned((warning,)), self.now_us)


def routed() -> Routed:
    """BBB has a desk below a top, with routes for both."""
    world = Routed()
    world.tree("BBB", cell("TOP"), cell("DESK", "TOP"))
    assert world.reach("BBB", "DESK", HOOK, MAIL).accepted
    assert world.reach("BBB", "TOP", TOP).accepted
    return world


def test_first_path_then_the_second_then_everybody() -> None:
    """A message goes out on the first path; silence adds the second and the cell above, then all; an answer ends it."""
    world = routed()
    message, _ = world.tell("AAA", "BBB", precedence=Precedence.FLASH)
    hook, mail, top = "https://desk.example/hook", "duty@desk.example", "top@desk.example"
    assert world.ways() == {("message", "DESK", hook), ("message", "TOP", top)}
    world.receive("BBB", "AAA", message, "TOP")
    world.wait(61)
    assert world.ways() == {("message", "DESK", hook), ("reminder", "DESK", mail), ("reminder", "TOP", top)}
    world.wait(120)
    assert world.ways() == {("reminder", "DESK", hook), ("reminder", "DESK", mail), ("reminder", "TOP", top)}
    before = {job.id for job in world.jobs()}
    world.wait(120)
    assert before.isdisjoint({job.id for job in world.jobs()}), "a reminder is a new thing"
    world.receive("BBB", "AAA", message, "DESK")
    assert world.jobs() == []


def test_a_stop_goes_out_on_both_paths_at_once_and_first() -> None:
    """STOP does not wait for silence, and is the most urgent of all."""
    world = routed()
    world.tell("AAA", "BBB", precedence=Precedence.FLASH)
    stop, _ = world.stop("AAA")
    mine = [job for job in world.jobs() if job.subject == stop]
    assert {job.route for job in mine} == {HOOK, MAIL, TOP}
    assert all(job.urgency < other.urgency for job in mine for other in world.jobs() if other.subject != stop)


def test_the_same_jobs_after_a_restart() -> None:
    """What has to go out follows from the state alone, with the same ids, also from a snapshot."""
    world = routed()
    world.tell("AAA", "BBB")
    world.stop("CCC")
    again = load(dump(world.state))
    assert isinstance(again, State)
    assert list(jobs(again)) == world.jobs()
    assert len({job.id for job in world.jobs()}) == len(world.jobs()) == 5


def test_a_new_version_is_sent_anew_and_a_cancelled_one_taken_back() -> None:
    """The old version's jobs are gone; where it had been handed over, its cancelling goes after it."""
    world = routed()
    message, _ = world.tell("AAA", "BBB")
    first = {job.id for job in world.jobs()}
    world.tell("AAA", "BBB", message=message, replaces=1)
    second = world.jobs()
    assert first.isdisjoint({job.id for job in second})
    assert {job.version for job in second} == {2}
    assert world.speak("AAA", CancelMessage(message, 2)).accepted
    over = world.jobs()
    assert {job.what for job in over} == {"cancelled"}
    assert {one for job in over for one in job.after} >= {job.id for job in second}


def test_a_check_goes_out_on_its_own_path() -> None:
    """A line is checked on the path that it is about, until its time is over."""
    world = Routed()
    assert world.reach("BBB", "", HOOK, MAIL).accepted
    world.speak("AAA", CheckLine(world.draw(16), "BBB", Path.FIRST))
    world.speak("CCC", CheckLine(world.draw(16), "BBB", Path.SECOND))
    assert {(job.sender, job.route.kind) for job in world.jobs()} == {("AAA", "webhook"), ("CCC", "mail")}
    world.wait(world.state.charter.check_us / 1e6 + 5)
    assert world.jobs() == []


def test_handed_over_is_on_record_and_never_received() -> None:
    """The sender learns the kind of route and party, the receiver its cell; the message has come no further."""
    world = routed()
    message, _ = world.tell("AAA", "BBB", precedence=Precedence.FLASH)
    world.hand(*world.jobs())
    told = world.last("AAA", HandedItem)
    assert (told.party, told.cell, told.asked, told.outcome) == ("BBB", None, "", HANDED)
    assert {item.cell for _, item in world.told("BBB", HandedItem)} == {"DESK", "TOP"}
    row = world.row("AAA", message)
    seen = view(world.state, "AAA", row).receivers[0]
    assert (seen.reach, seen.handed) == ("sent", ("mail", "webhook"))
    assert {owed.reach for owed in view(world.state, "BBB", row).owed} == {"sent"}
    heard = len(world.told("AAA", HandedItem))
    world.hand(*world.jobs())
    assert len(world.told("AAA", HandedItem)) == heard, "once by kind"
    assert not world.told("CCC", HandedItem)


def test_a_failure_is_its_receivers_alone() -> None:
    """That a party's mailbox does not answer is nobody else's business."""
    world = routed()
    world.tell("AAA", "BBB", precedence=Precedence.FLASH)
    world.hand(world.jobs()[0], outcome="failed")
    assert world.last("BBB", HandedItem).outcome == "failed"
    assert not world.told("AAA", HandedItem)
    assert not any(owed.handed for owed in world.state.obligations.values())


def test_only_the_node_says_what_it_delivered() -> None:
    """A party cannot claim that something was handed over."""
    world = routed()
    world.tell("AAA", "BBB")
    refused = world.speak("AAA", Delivered((world.jobs()[0].row(HANDED, world.now_us),))).refusal
    assert refused is not None
    assert refused.reason is Reason.NOT_PERMITTED


def test_routes_are_the_partys_alone_and_can_be_destroyed() -> None:
    """Erased routes are gone, from what is sent as well; the digest does not depend on them."""
    world = Routed()
    answer = world.reach("BBB", "", HOOK)
    world.tell("AAA", "BBB")
    assert [route.to for route in paths_now(world.state, "BBB")[0].routes] == ["https://desk.example/hook"]
    assert paths_now(world.state, "AAA") == ()
    assert answer.entry is not None
    assert world.speak("BBB", Erase(answer.entry.sequence, 2, answer.entry.commitment(2))).accepted
    assert paths_now(world.state, "BBB")[0].routes == ()
    assert world.jobs() == []
    replayed = world.replayed()
    assert replayed.digest() == world.state.digest()


def test_routes_end_with_their_cell() -> None:
    """A cell that is no more is reached nowhere; None takes a cell's routes back."""
    world = routed()
    assert world.speak("BBB", SetTree((cell("TOP"),))).accepted
    assert {now.cell for now in paths_now(world.state, "BBB")} == {"TOP"}
    assert world.speak("BBB", SetPaths("TOP", None)).accepted
    assert paths_now(world.state, "BBB") == ()


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        (Webhook("ftp://desk.example"), Reason.MALFORMED),
        (Webhook("https://user@desk.example/"), Reason.MALFORMED),
        (Webhook("https://desk.example/#x"), Reason.MALFORMED),
        (Webhook("https://desk.example/" + "x" * 1_000), Reason.MALFORMED),
        (Mail("duty@desk.example\r\nBcc: all@desk.example"), Reason.MALFORMED),
        (Mail("-oQ@desk.example"), Reason.MALFORMED),
        (Mail("a@b@c"), Reason.MALFORMED),
        (Mail("x" * 65 + "@desk.example"), Reason.MALFORMED),
        (Mail("x@" + ".".join(["y" * 60] * 5)), Reason.MALFORMED),
        (msgspec.structs.replace(PUSH, p256dh=b"\x02" + bytes(64)), Reason.MALFORMED),
        (msgspec.structs.replace(PUSH, auth=bytes(15)), Reason.MALFORMED),
        (msgspec.structs.replace(PUSH, endpoint="javascript:x"), Reason.MALFORMED),
    ],
)
def test_addresses_of_another_form_are_refused(to: Any, reason: Reason) -> None:
    """Nothing that could be read in two ways, or say more than an address, is taken."""
    refused = Routed().reach("BBB", "", Route(Path.FIRST, to, "en")).refusal
    assert refused is not None
    assert refused.reason is reason


def test_odd_routes_are_refused() -> None:
    """Unknown cells, odd languages, too many, twice the same, parts of another kind."""
    world = Routed()
    many = tuple(Route(Path.FIRST, Mail(f"desk{i}@desk.example"), "en") for i in range(9))
    for command, part, reason in (
        (SetPaths("NONE", 0), Paths((HOOK,)), Reason.UNKNOWN),
        (SetPaths("", 1), Paths((HOOK,)), Reason.PARTS_MISMATCH),
        (SetPaths("", 0), Text("en", "x"), Reason.PARTS_MISMATCH),
        (SetPaths("", 0), Paths(many), Reason.TOO_MANY),
        (SetPaths("", 0), Paths((HOOK, HOOK)), Reason.EXISTS),
        (SetPaths("", 0), Paths((Route(Path.FIRST, Mail("a@b.example"), "en\r\nx"),)), Reason.MALFORMED),
    ):
        refused = world.speak("BBB", command, part).refusal
        assert refused is not None
        assert refused.reason is reason
    assert check_paths(Paths((HOOK, MAIL, Route(Path.SECOND, PUSH, "fa"))), "x") is None


def test_what_is_acknowledged_but_not_read_back_is_not_sent_again() -> None:
    """Somebody has it: the first path says nothing more until silence climbs again."""
    from worlds import HOUR, circle

    from wideberth.space.volume import Volume4D

    world = Routed()
    assert world.reach("BBB", "", HOOK).accepted
    volume = Volume4D(circle(42, -38, 1_000), 0, 1_000_000, START_US + 30 * HOUR, START_US + 31 * HOUR)
    message, _ = world.tell("AAA", "BBB", volumes=(volume,))
    assert [job.what for job in world.jobs()] == ["message"]
    assert world.speak("BBB", Acknowledge(world.subject("AAA", message), "")).accepted
    assert world.jobs() == []


# alerts


def test_an_alert_goes_to_whom_it_concerns_until_it_is_taken_up() -> None:
    """Once a stage: warned on the first path, happened on both; to nobody else; not after an acknowledgement by that
    party, nor ten minutes on; that it passed, wherever it had gone; the same ids however often it is worked out."""
    world = routed()
    world.reach("AAA", "", Route(Path.FIRST, Webhook("https://aaa.example/"), "en"), MAIL)
    world.reach("CCC", "", TOP)
    world.warn(Stage.WARNED, "AAA", "BBB")
    warned = world.ways()
    assert warned == {
        ("alert", "", "https://aaa.example/"),
        ("alert", "DESK", "https://desk.example/hook"),
        ("alert", "TOP", "top@desk.example"),
    }
    assert {job.urgency for job in world.jobs()} == {2}
    ids = {job.id for job in world.jobs()}
    assert {job.id for job in jobs(world.replayed())} == ids
    assert {job.id for _, found in jobs_of(world.state, [("", bytes(16))]) for job in found} == ids
    world.warn(Stage.HAPPENED, "AAA", "BBB")
    assert world.ways() == warned | {("alert", "", "duty@desk.example"), ("alert", "DESK", "duty@desk.example")}
    assert {job.urgency for job in world.jobs()} == {1}
    assert not {job.id for job in world.jobs()} & ids
    assert not any(job.critical for job in world.jobs()), "the ledger has the warning itself"
    assert world.speak("BBB", AcknowledgeAlert(bytes(16))).accepted
    assert {job.party for job in world.jobs()} == {"AAA"}
    world.wait(660)
    assert world.jobs() == []
    world.warn(Stage.WARNED, "AAA", "BBB", alert=b"2" * 16)
    assert world.jobs()
    second = {job.id for job in world.jobs()}
    world.warn(Stage.PASSED, "AAA", "BBB", alert=b"2" * 16)
    over = world.jobs()
    assert {(job.what, job.urgency) for job in over} == {("passed", 4)}
    assert {one for job in over for one in job.after} > second, "wherever a warning had gone, and nowhere else"
    assert {job.id for job in over}.isdisjoint(second)
    world.wait(660)
    assert world.jobs() == []


def test_many_alerts_are_not_many_mails() -> None:
    """Past so many open ones of a party the younger ones stay on the stream; what is taken up counts no more."""
    world = routed()
    world.reach("CCC", "", TOP)
    for i in range(ALERTS_CARRIED_MAX + 5):
        world.now_us += 1
        world.warn(Stage.WARNED, "CCC", alert=bytes([i]) * 16)
    found = {job.subject[0] for job in world.jobs()}
    assert found == set(range(ALERTS_CARRIED_MAX))
    assert world.speak("CCC", AcknowledgeAlert(bytes(16))).accepted
    assert {job.subject[0] for job in world.jobs()} == set(range(1, ALERTS_CARRIED_MAX + 1))
    world.wait(660)
    world.warn(Stage.WARNED, "CCC", alert=b"\xff" * 16)
    assert {job.subject for job in world.jobs()} == {b"\xff" * 16}, "what is old and never passed blocks nothing"


def test_what_is_only_warned_of_or_doubtful_keeps_no_collision_out() -> None:
    """Each of warned, happened and doubtful has places of its own; all of them are bounded, and younger ones wait."""
    world = routed()
    world.reach("CCC", "", TOP)
    kinds = [(stage, doubtful) for doubtful in (True, False) for stage in (Stage.WARNED, Stage.HAPPENED)]
    for kind, (stage, doubtful) in enumerate(kinds):
        for i in range(ALERTS_CARRIED_MAX + 1):
            world.now_us += 1
            world.warn(stage, "CCC", alert=bytes([kind, i]) * 8, doubtful=doubtful)
            assert any(job.subject == bytes([kind, i]) * 8 for job in world.jobs()) is (i < ALERTS_CARRIED_MAX)
    assert len({job.subject for job in world.jobs()}) == len(kinds) * ALERTS_CARRIED_MAX
    assert {job.id for job in jobs(world.replayed())} == {job.id for job in world.jobs()}
