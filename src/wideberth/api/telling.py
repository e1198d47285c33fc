"""What the node tells suppliers by itself, in the words of ASTM F3548-21 (Annex A4, USS side).

In:  `Telling`s of `node.telling`. Out: bodies for POST /uss/v1/operational_intents and /uss/v1/constraints, handed to
`delivery`, which vets, challenges, retries and bounds.
Refuses nothing; what `delivery` does not take is logged and counted there.
"""

import random
from typing import TYPE_CHECKING, Any

import msgspec

from wideberth.api.standard_bodies import NULL_ID
from wideberth.api.standard_forms import NotificationState, id_text
from wideberth.api.uss import whole_constraint, whole_intent
from wideberth.delivery import Clock, Figures, Outbound, OwnTokens, Proof
from wideberth.ledger.entry import Entry
from wideberth.node.telling import Telling, tellings
from wideberth.party.standard import Kind

if TYPE_CHECKING:
    from wideberth.node.core import Node

PATHS = {Kind.INTENT: "/uss/v1/operational_intents", Kind.CONSTRAINT: "/uss/v1/constraints"}
WHOLES = {Kind.INTENT: whole_intent, Kind.CONSTRAINT: whole_constraint}
WORDS = {Kind.INTENT: "operational_intent", Kind.CONSTRAINT: "constraint"}


class Teller:
    """Tells suppliers what entries mean for them."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        clock = Clock(node.clocks.wall_us, node.clocks.mono_us)
        figures = Figures(node.metrics.registry)
        tokens = OwnTokens(node.config, clock)
        self.outbound = Outbound(node.config, tokens, clock, random.SystemRandom(), lambda *_: None, figures=figures)

    @property
    def node_url(self) -> str:
        """This node's address as suppliers reach it."""
        return self._node.public_url

    def entry(self, entry: Entry) -> None:
        """Send what a durable entry means."""
        for telling in tellings(self._node.state, self._node.standard, entry):
            proof = Proof(*telling.proof) if telling.proof is not None else None
            path, subject = PATHS[telling.kind], telling.entity.hex()
            told = (path, self.body(telling), telling.kind.value, proof, subject)
            refused = self.outbound.send(telling.manager, telling.url, *told)
            if refused is not None:
                self._node.log.warning("delivery.refused", manager=telling.manager, sentence=refused.sentence())

    def body(self, telling: Telling) -> bytes:
        """PutOperationalIntentDetailsParameters or PutConstraintDetailsParameters."""
        word = WORDS[telling.kind]
        told: dict[str, Any] = {f"{word}_id": id_text(telling.entity)}
        if telling.details is not None:
            told[word] = WHOLES[telling.kind](self, telling.details)
        states = [NotificationState(id_text(row_id), index) for row_id, index in telling.subscriptions]
        told["subscriptions"] = states or [NotificationState(id_text(NULL_ID), 0)]
        return msgspec.json.encode(told)
