"""What an entry means for suppliers outside."""

from typing import Any

from worlds import ISSUER, World

from wideberth.node.telling import Telling, tellings
from wideberth.party.command import Disclosure, OperationState, SetState, Volumes
from wideberth.party.standard import Intent, Kind, PutReference, Standard, Subscribe, Supplier, Vouch
from wideberth.sequencer import Answer
from wideberth.theatre.standard_views import StandardViews
from wideberth.theatre.views import Views

USS1 = Supplier(ISSUER, "uss1").party


class Skies(World):
    """A theatre with one supplier."""

    def views(self) -> StandardViews:
        """What suppliers read."""

        def recall(sequence: int, party: str) -> Any:
            return next(t for t in self.sequencer.notices(party, 0, 1_000) if t.sequence == sequence).notice

        return StandardViews(self.state, Views(self.state, recall))

    def told(self, answer: Answer) -> list[Telling]:
        """What an answer's entry means."""
        assert answer.entry is not None
        return tellings(self.state, self.views(), answer.entry)

    def watch(self) -> bytes:
        """A subscription of uss1."""
        subscription = self.draw(16)
        command = Subscribe(Standard.F3548, subscription, "", "https://uss1.test", 0, (Kind.INTENT,))
        assert self.vouch("uss1", command, Volumes((self.box(hours=3),))).accepted is not None
        return subscription

    def intent(self) -> tuple[bytes, Answer]:
        """An intent of uss1."""
        entity = self.draw(16)
        command = PutReference(Kind.INTENT, entity, "", "https://uss1.test/own", 0, Intent("Accepted"))
        return entity, self.vouch("uss1", command, Volumes((self.box(),)))


def test_an_open_plan_is_told_to_those_who_watch_it_till_its_end() -> None:
    """With its details while it lives, without when it has ended, with the index of each."""
    world = Skies()
    watch = world.watch()
    operation, filed = world.plan("AAA", world.box(), crewed=False, disclosure=Disclosure.OPEN)
    (first,) = world.told(filed)
    assert (first.manager, first.url, first.kind, first.subscriptions) == (
        "uss1",
        "https://uss1.test",
        "intent",
        ((watch, 1),),
    )
    assert first.details is not None
    assert first.details.volumes == (world.box(),)
    (last,) = world.told(world.say("AAA", SetState(operation, 1, OperationState.ENDED)))
    assert (last.entity, last.details, last.subscriptions) == (first.entity, None, ((watch, 2),))


def test_a_hidden_plan_is_told_as_an_overlap_to_the_supplier_that_it_meets() -> None:
    """By its own write, by the other's, and when it is over; to nobody else."""
    world = Skies()
    world.watch()
    operation, filed = world.plan("AAA", world.box(lat=42.01), crewed=False)
    assert world.told(filed) == []
    entity, written = world.intent()
    assert written.accepted is not None
    assert written.accepted.written is not None
    (first,) = world.told(written)
    assert first.details is not None
    assert (first.url, first.proof) == ("https://uss1.test/own", (entity, written.accepted.written.ovn))
    _, moved = world.plan("AAA", world.box(lat=42.011), operation=operation, replaces=1, crewed=False)
    (second,) = world.told(moved)
    assert second.entity == first.entity
    assert second.details is not None
    assert second.details.reference.ovn != first.details.reference.ovn
    (last,) = world.told(world.say("AAA", SetState(operation, 2, OperationState.ENDED)))
    assert (last.entity, last.details) == (first.entity, None)


def test_what_suppliers_write_they_tell_one_another() -> None:
    """The node says nothing of it, and nothing of a refusal."""
    world = Skies()
    world.watch()
    entity, written = world.intent()
    assert world.told(written) == []
    again = Vouch(
        ISSUER, "uss2", world.draw(32), PutReference(Kind.INTENT, entity, "", "https://u.test", 0, Intent("Accepted"))
    )
    refused = world.vouch("uss2", again.command, Volumes((world.box(),)))
    assert refused.refusal is not None
    assert world.told(refused) == []
