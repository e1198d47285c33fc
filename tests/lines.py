"""A theatre whose parties have cells and watches, and short ways to use the hotline in it."""

from typing import Any

import msgspec
from worlds import HOUR, START_US, World, circle, seed_of

from wideberth.party.command import GrantKey, Text, Volumes
from wideberth.party.envelope import Attachment
from wideberth.party.hotline import (
    Acknowledge,
    AnswerKind,
    AnswerMessage,
    Cell,
    HandOver,
    MessageKind,
    MessageSubject,
    Precedence,
    Send,
    SetTree,
    Stop,
    TakeOver,
)
from wideberth.party.identity import KeyGrant, public_key
from wideberth.refusal import Reason
from wideberth.sequencer import Answer
from wideberth.space.volume import Circle, Volume4D
from wideberth.theatre.hotline_rows import Message, Obligation
from wideberth.theatre.hotline_rules import open_items

STEP = 5_000_000
"""As often as a node ticks."""


def cell(code: str, above: str = "", area: Circle | None = None) -> Cell:
    """A cell with a name."""
    return Cell(code, above, f"Cell {code}", ("en",), area)


def key_of(party: str, watch: str = "watch") -> bytes:
    """The public key of a watch."""
    return public_key(seed_of(party, watch))


def reason(answer: Answer) -> Reason | None:
    """Why it was refused."""
    return answer.refusal.reason if answer.refusal is not None else None


class Lines(World):
    """Parties with a hotline. A watch is named by its key: "watch" is the founder's."""

    def speak(self, party: str, command: Any, *parts: Any, watch: str = "watch") -> Answer:
        """Say something by a named watch key."""
        return self.say(party, command, *parts, seeds=(seed_of(party, watch),))

    def grant(self, party: str, watch: str, *permits: str, hours: float = 1_000) -> None:
        """One more watch key."""
        grant = KeyGrant(key_of(party, watch), permits or ("*",), self.now_us + round(hours * HOUR), watch)
        assert self.root_say(party, GrantKey(grant)).accepted

    def tree(self, party: str, *cells: Cell) -> None:
        """The party's cells."""
        answer = self.speak(party, SetTree(cells))
        assert answer.accepted, answer.refusal

    def take(self, party: str, cell_: str, watch: str) -> Answer:
        """Take the watch of a cell, signing for all that is open."""
        items = tuple(owed.id for owed in open_items(self.state, party, cell_))
        return self.speak(party, TakeOver(cell_, items), watch=watch)

    def tell(
        self,
        party: str,
        *to: str,
        volumes: tuple[Volume4D, ...] = (),
        text: str = "",
        kind: MessageKind = MessageKind.NOTICE,
        precedence: Precedence = Precedence.IMMEDIATE,
        **changes: Any,
    ) -> tuple[bytes, Answer]:
        """Send a message; answers its id and the answer."""
        parts: list[Any] = []
        places: dict[str, int] = {}
        if text:
            places["text"] = len(parts)
            parts.append(Text("en", text))
        if volumes:
            places["volumes"] = len(parts)
            parts.append(Volumes(volumes))
        watch = changes.pop("watch", "watch")
        message = changes.pop("message", None) or self.draw(16)
        send = Send(message, changes.pop("replaces", 0), kind, precedence, to, "notice", **places)
        return message, self.speak(party, msgspec.structs.replace(send, **changes), *parts, watch=watch)

    def stop(self, party: str, message: bytes | None = None, watch: str = "watch") -> tuple[bytes, Answer]:
        """Say STOP."""
        message = message or self.draw(16)
        return message, self.speak(party, Stop(message, "stop"), watch=watch)

    def row(self, sender: str, message: bytes) -> Message:
        """A message as it stands."""
        return self.state.messages[(sender, message)]

    def owed(self, sender: str, message: bytes) -> dict[tuple[str, str], Obligation]:
        """What is owed to it, by party and cell."""
        rows = (self.state.obligations[o] for o in self.state.owing.get((sender, message), ()))
        return {(o.party, o.cell): o for o in rows}

    def subject(self, sender: str, message: bytes) -> MessageSubject:
        """Its current version."""
        return MessageSubject(sender, message, self.row(sender, message).version)

    def receive(
        self, party: str, sender: str, message: bytes, cell_: str = "", watch: str = "watch", echo: tuple[str, ...] = ()
    ) -> Answer:
        """Acknowledge for a cell."""
        return self.speak(party, Acknowledge(self.subject(sender, message), cell_, echo), watch=watch)

    def reply(
        self, party: str, sender: str, message: bytes, answer: AnswerKind, cell_: str = "", watch: str = "watch"
    ) -> Answer:
        """Answer for a cell."""
        return self.speak(party, AnswerMessage(self.subject(sender, message), cell_, answer), watch=watch)

    def hand_over(self, party: str, cell_: str, to: str, watch: str = "watch", reason: str = "") -> Answer:
        """Offer a watch."""
        parts = (Text("en", reason),) if reason else ()
        return self.speak(party, HandOver(cell_, key_of(party, to), 0 if reason else None), *parts, watch=watch)

    def wait(self, seconds: float) -> None:
        """Time passes as a node lets it: in ticks."""
        until = self.now_us + round(seconds * 1_000_000)
        while self.now_us < until:
            self.pass_time(min(STEP, until - self.now_us))

    def told(self, party: str, kind: type | tuple[type, ...] = object) -> list[tuple[int, Any]]:
        """What a party was told: when, and the items of a kind."""
        return [
            (told.time_us, item)
            for told in self.sequencer.notices(party, 0, 1_000_000)
            if told.notice is not None
            for item in told.notice.items
            if isinstance(item, kind)
        ]

    def last(self, party: str, kind: type) -> Any:
        """The last item of a kind that a party was told."""
        return self.told(party, kind)[-1][1]


__all__ = ["START_US", "Attachment", "Lines", "cell", "circle", "key_of"]
