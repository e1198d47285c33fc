"""Signed commands in, durable answers out.

In:  an envelope's bytes, its signatures and its parts, each in base64url. No session: the signature is the sender's.
Out: where the command stands in the ledger, the node's receipt, and the conflicts that it opened as its sender may see
     them. The answer is made from the entry alone, so the same bytes get the same answer, also after a restart.
Refuses: as `sequencer.admit` and `theatre.decide` do; a refusal that is an entry carries its position and receipt.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from wideberth.api.call import Call, bytes_of
from wideberth.api.problem import Receipt, refuse_with
from wideberth.ledger.entry import DECISION, Entry
from wideberth.limits import PARTS_MAX, ROOT_KEYS_MAX
from wideberth.party.charter import CLASSES
from wideberth.party.envelope import Attachment
from wideberth.party.registers import CheckPlan
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.sequencer import Answer, content_of, envelope_of, notice_in
from wideberth.space.units import mm_to_m
from wideberth.theatre import notices
from wideberth.theatre.outcome import Accepted, ConflictItem, OverlapItem, decode_decision, decode_effects
from wideberth.theatre.register_told import OverlapTold, overlap_told
from wideberth.theatre.shown import Conflict, Shown, b64, time_text

if TYPE_CHECKING:
    from wideberth.node.core import Node

RECORDED: Final = "Recorded."


class PartBody(Shown, frozen=True, forbid_unknown_fields=True):
    """A part that travels beside the signed bytes."""

    salt: str
    content: str


class CommandBody(Shown, frozen=True, forbid_unknown_fields=True):
    """A signed command."""

    envelope: str
    signatures: tuple[str, ...]
    parts: tuple[PartBody, ...] = ()


class Checked(Shown, frozen=True):
    """The minima against one class."""

    against: str
    horizontal_m: float
    vertical_m: float


class Accept(Shown, frozen=True):
    """The command took effect."""

    outcome: str
    position: int
    time: str
    version: int
    late: bool
    receipt: Receipt
    conflicts: tuple[Conflict, ...]
    checked: tuple[Checked, ...]
    statement: str
    overlaps: tuple[OverlapTold, ...] = ()
    """Of a check of a plan that nobody filed."""


async def command(call: Call) -> Accept | Response | Refusal:
    """Admit, have it decided, answer."""
    body = await call.json(CommandBody)
    if isinstance(body, Refusal):
        return body
    read = _read(body)
    if isinstance(read, Refusal):
        return read
    node = call.node
    submission = node.sequencer.admit(*read)
    if isinstance(submission, Refusal):
        return submission
    party = submission.envelope.party
    node.hear(party)
    node.stops.relay(submission, node.now_us())
    answer = await node.decide(submission)
    receipt = receipt_of(node, answer)
    if answer.refusal is not None:
        position = answer.entry.sequence if answer.entry is not None else None
        return refuse_with(answer.refusal, node.now_us(), position, receipt, call.language)
    assert receipt is not None, "what is accepted is an entry"
    return accept(node, party, answer, receipt)


def _read(body: CommandBody) -> tuple[bytes, tuple[bytes, ...], tuple[Attachment, ...]] | Refusal:
    for name, most in (("signatures", ROOT_KEYS_MAX), ("parts", PARTS_MAX)):
        if len(getattr(body, name)) > most:
            return refuse(Reason.TOO_MANY, name, f"at most {most}", len(getattr(body, name)))
    texts = {"envelope": body.envelope} | {f"signatures[{i}]": text for i, text in enumerate(body.signatures)}
    for i, part in enumerate(body.parts):
        texts |= {f"parts[{i}].salt": part.salt, f"parts[{i}].content": part.content}
    found: dict[str, bytes] = {}
    for field, text in texts.items():
        value = bytes_of(text, field)
        if isinstance(value, Refusal):
            return value
        found[field] = value
    signatures = tuple(found[f"signatures[{i}]"] for i in range(len(body.signatures)))
    parts = (Attachment(found[f"parts[{i}].salt"], found[f"parts[{i}].content"]) for i in range(len(body.parts)))
    return found["envelope"], signatures, tuple(parts)


def receipt_of(node: "Node", answer: Answer) -> Receipt | None:
    """The signed receipt of an answer that is an entry."""
    made = node.sequencer.receipt(answer)
    if made is None:
        return None
    receipt, signature = made
    hashes = (b64(receipt.leaf_hash), b64(receipt.command_digest), b64(signature))
    return Receipt(receipt.context, b64(receipt.genesis), receipt.sequence, receipt.time_us, *hashes)


def accept(node: "Node", party: str, answer: Answer, receipt: Receipt) -> Accept:
    """The answer to a command that took effect, from its entry."""
    entry, accepted = answer.entry, answer.accepted
    assert entry is not None
    assert accepted is not None
    conflicts = conflicts_in(node, party, entry)
    asked = isinstance(envelope_of(entry).command, CheckPlan)
    overlaps = overlaps_in(party, entry) if asked else ()
    checked = checked_of(accepted) if asked or filed_for(entry) == party else ()
    return Accept(
        "accepted",
        entry.sequence,
        time_text(entry.time_us),
        accepted.version,
        accepted.late,
        receipt,
        conflicts,
        checked,
        statement(conflicts or overlaps, checked, entry),
        overlaps,
    )


def filed_for(entry: Entry) -> str | None:
    """Whose thing an entry files or moves, if any."""
    decision = decode_decision(content_of(entry, DECISION))
    moved = decode_effects(content_of(entry, DECISION + 1 + decision.attached)).moved
    return moved.ref[0] if moved is not None else None


def conflicts_in(node: "Node", party: str, entry: Entry) -> tuple[Conflict, ...]:
    """The conflicts that an entry tells a party of, as of that entry."""
    told = notice_in(entry, party)
    items: Sequence[object] = told.notice.items if told is not None and told.notice is not None else ()
    texts: notices.Texts = lambda _commitment: None  # noqa: E731
    found = []
    for item in items:
        if isinstance(item, ConflictItem):
            thing = node.state.things.get((party, item.mine))
            what = thing.what if thing is not None else "operation"
            row = notices.conflict_told(item, what, node.views.name_of, texts)
            found.append(notices.opened_conflict(row, entry.time_us, entry.sequence))
    return tuple(found)


def overlaps_in(party: str, entry: Entry) -> tuple[OverlapTold, ...]:
    """What a check met, as its asker may see it."""
    told = notice_in(entry, party)
    items: Sequence[object] = told.notice.items if told is not None and told.notice is not None else ()
    return tuple(overlap_told(item) for item in items if isinstance(item, OverlapItem))


def checked_of(accepted: Accepted) -> tuple[Checked, ...]:
    """The minima that a plan was held against, by class."""
    pairs = zip(accepted.checked[0::2], accepted.checked[1::2], strict=True)
    return tuple(Checked(c.value, mm_to_m(h), mm_to_m(v)) for c, (h, v) in zip(CLASSES, pairs, strict=False))


def statement(conflicts: Sequence[Conflict | OverlapTold], checked: Sequence[Checked], entry: Entry) -> str:
    """What is known and what it rests on; it never promises more."""
    if not checked:
        return RECORDED
    count = len(conflicts)
    known = "No known conflict" if count == 0 else "1 known conflict" if count == 1 else f"{count} known conflicts"
    wide = (c for c in checked if c.horizontal_m or c.vertical_m)
    named = [f"{c.horizontal_m:g} m and {c.vertical_m:g} m to {c.against}" for c in wide]
    minima = ", ".join([*named, "overlap to all others" if named else "overlap"])
    at = f"position {entry.sequence}, {time_text(entry.time_us)}"
    return f"{known}, checked against all that is live as of {at}; minima: {minima}."
