"""Messages: who is sent what, and what becomes of it; the cells of a party.

In:  the state, the sender, its key and command, the parts, the time.
Out: an `Outcome` with everybody's notices, or a Refusal.
Refuses: receivers that cannot acknowledge, what is not the sender's, stale versions. Never a STOP: what is odd about
one is left out or shown beside it.
"""

from wideberth.limits import (
    CELLS_MAX,
    ID_BYTES,
    MESSAGES_OPEN_MAX,
    NAME_CHARACTERS_MAX,
    PARTIES_MAX,
    STOPS_IN_FORCE_MAX,
    TEXT_CHARACTERS_MAX,
    TIME_US_MAX,
    VOLUMES_MAX,
)
from wideberth.party.charter import check_languages
from wideberth.party.command import Text, Volumes
from wideberth.party.hotline import CancelMessage, Cell, MessageKind, Precedence, Send, SetTree, Stop
from wideberth.party.identity import check_party_code
from wideberth.party.phrase import phrase_or_none
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.shapes import check_volumes, shapes
from wideberth.space.volume import Volume4D, check_volume
from wideberth.theatre.filing import Parts, measure, text_part, volumes_part
from wideberth.theatre.hotline_items import HotlineEffects, MessageItem, MessageStateItem
from wideberth.theatre.hotline_rows import Message, MessageState, needs
from wideberth.theatre.hotline_rules import (
    Items,
    acknowledge_us,
    all_cells,
    can_answer,
    is_open,
    on_watch,
    owed_by,
    told,
)
from wideberth.theatre.lifecycle import Reach
from wideberth.theatre.outcome import Accepted, Effects, Outcome, accepted
from wideberth.theatre.register_items import OwnItem
from wideberth.theatre.registers import check_knowing, own_inside, reviewed_with
from wideberth.theatre.rows import Member
from wideberth.theatre.settlement import conflict_of, said_text, shown_to_peer
from wideberth.theatre.state import State
from wideberth.words.lint import Kind, lint

# cells


def decide_tree(state: State, member: Member, command: SetTree) -> Outcome | Refusal:
    """A party's cells, all of them."""
    no = _check_tree(state, command.cells)
    if no is not None:
        return no
    kept = {cell.code for cell in command.cells} or {""}
    owed = (o for o in state.obligations.values() if o.party == member.party and is_open(state, o))
    left = sorted({o.cell for o in owed} - kept - {""})
    if left:
        limit = "every cell that has open items"
        return refuse(Reason.OPEN_ITEMS, "command.cells", limit, f"without {', '.join(left)}")
    return accepted(Accepted(), Effects())


def _check_tree(state: State, cells: tuple[Cell, ...]) -> Refusal | None:
    if len(cells) > CELLS_MAX:
        return refuse(Reason.TOO_MANY, "command.cells", f"at most {CELLS_MAX}", len(cells))
    above = {cell.code: cell.above for cell in cells}
    if len(above) != len(cells):
        return refuse(Reason.EXISTS, "command.cells", "codes that differ", len(cells))
    for i, cell in enumerate(cells):
        field = f"command.cells[{i}]"
        no = check_party_code(cell.code, f"{field}.code") or check_languages(cell.languages, f"{field}.languages")
        if no is not None:
            return no
        if not 0 < len(cell.name) <= NAME_CHARACTERS_MAX:
            return refuse(Reason.OUT_OF_RANGE, f"{field}.name", f"1 to {NAME_CHARACTERS_MAX} characters", cell.name)
        if _loops(above, cell.code):
            limit = "empty, or a cell that does not hang on this one"
            return refuse(Reason.OUT_OF_RANGE, f"{field}.above", limit, cell.above)
        if cell.area is not None:
            bounds = state.charter.bounds_nd
            no = check_volume(Volume4D(cell.area, 0, 1, 0, 1), 0, 1, bounds, f"{field}.area")
            if no is not None:
                return no
    return None


def _loops(above: dict[str, str], code: str) -> bool:
    at = above[code]
    for _ in above:
        if not at:
            return False
        if at not in above:
            return True
        at = above[at]
    return True


# sending


def decide_send(state: State, member: Member, command: Send, parts: Parts, now_us: int) -> Outcome | Refusal:
    """A notice or query, or its next version."""
    old = _replaced(state, member, command)
    if isinstance(old, Refusal):
        return old
    no = (
        _check_receivers(state, member, command)
        or text_part(parts, command.text, "command.text")
        or _check_content(command)
        or _check_conflict(state, member, command)
    )
    if no is not None:
        return no
    volumes = _geometry(state, member, command, parts, now_us)
    if isinstance(volumes, Refusal):
        return volumes
    late = command.kind is MessageKind.NOTICE and _is_late(state, member, command, volumes, now_us)
    against = (state, parts, command.text, volumes, now_us)
    wrong = _beside(*against) if late else contradictions(*against)
    if wrong and not late:
        return refuse(Reason.CONTRADICTION, "command.text", f"what the volumes say: {wrong[0][1]}", wrong[0][0])
    own = _own_inside(state, member, command, volumes)
    no = check_knowing(command.knowing, own)
    if no is not None and not late:
        return no
    due_us = now_us + acknowledge_us(state, command.precedence)
    end_us = max((v.end_us for v in volumes), default=0)
    hotline = HotlineEffects(
        command.to,
        owed_by(state, command.to, volumes, due_us),
        command.text,
        command.volumes,
        end_us,
        late,
    )
    head = (command.replaces + 1, command.kind, command.precedence)
    text = said_text(parts, command.text)
    items = _sent(command, head, member, hotline, due_us, text, bool(volumes), wrong)
    if no is not None:
        items[member.party].insert(0, OwnItem("message", command.message, command.replaces + 1, own))
    for party in old.to if old is not None else ():
        if party not in command.to:
            items[party] = [MessageStateItem(member.party, command.message, command.replaces, "cancelled")]
    result = accepted(Accepted(command.replaces + 1, late=late), Effects(hotline=hotline), len(parts))
    result.notices = told(items)
    return result


def _replaced(state: State, member: Member, command: Send) -> Message | Refusal | None:
    if len(command.message) != ID_BYTES:
        return refuse(Reason.MALFORMED, "command.message", f"{ID_BYTES} bytes", f"{len(command.message)} bytes")
    old = state.messages.get((member.party, command.message))
    if command.replaces == 0:
        if old is not None:
            return refuse(Reason.EXISTS, "command.replaces", f"its version {old.version}", 0)
        open_ = sum(1 for sender, _ in state.messages if sender == member.party)
        if open_ >= MESSAGES_OPEN_MAX:
            return refuse(Reason.TOO_MANY, "command", f"at most {MESSAGES_OPEN_MAX} messages a party", open_ + 1)
        return None
    if old is None or old.kind is MessageKind.STOP:
        return refuse(Reason.UNKNOWN, "command.message", "a message of yours", command.message.hex())
    if old.state is MessageState.CANCELLED:
        return refuse(Reason.WRONG_STATE, "command.message", "a message that is not over", old.state.value)
    if old.version != command.replaces:
        return refuse(Reason.STALE_VERSION, "command.replaces", f"the current version {old.version}", command.replaces)
    return old


def _check_receivers(state: State, member: Member, command: Send) -> Refusal | None:
    if not 1 <= len(command.to) <= PARTIES_MAX or len(set(command.to)) != len(command.to):
        return refuse(Reason.OUT_OF_RANGE, "command.to", "one receiver or more, each once", len(command.to))
    for party in command.to:
        if party == member.party or not can_answer(state.members.get(party)):
            limit = "other members of this theatre that have not left and have a watch"
            return refuse(Reason.UNKNOWN, "command.to", limit, party)
    return None


def _check_content(command: Send) -> Refusal | None:
    if command.kind is MessageKind.STOP:
        return refuse(Reason.OUT_OF_RANGE, "command.kind", "notice or query; STOP is a command of its own", "stop")
    if command.phrase != phrase_or_none(command.phrase):
        return refuse(Reason.UNKNOWN, "command.phrase", "empty, or a code of the closed set of phrases", command.phrase)
    if not command.phrase and command.text is None:
        return refuse(Reason.OUT_OF_RANGE, "command.phrase", "a phrase, a text, or both", "neither")
    if command.volumes is not None and command.operation is not None:
        return refuse(Reason.OUT_OF_RANGE, "command.operation", "the geometry of a plan, or its own", "both")
    return None


def _check_conflict(state: State, member: Member, command: Send) -> Refusal | None:
    """What belongs to a conflict goes to its other side, which the sender must have been named."""
    if command.conflict is None:
        return None
    conflict = conflict_of(state, member, command.conflict)
    if isinstance(conflict, Refusal):
        return conflict
    peer = conflict.second[0] if conflict.first[0] == member.party else conflict.first[0]
    if command.to != (peer,) or shown_to_peer(state, conflict, peer) is None:
        return refuse(Reason.UNKNOWN, "command.to", "the other side of the conflict, where it is named", command.to)
    return None


def _geometry(state: State, member: Member, command: Send, parts: Parts, now_us: int) -> tuple[Volume4D, ...] | Refusal:
    if command.operation is not None:
        thing = state.things.get((member.party, command.operation))
        if thing is None or not thing.live:
            return refuse(Reason.UNKNOWN, "command.operation", "a live plan of yours", command.operation.hex())
        return state.volumes_of(thing.ref)
    if command.volumes is None:
        return ()
    given = volumes_part(parts, command.volumes, "command.volumes")
    if isinstance(given, Refusal):
        return given
    shapes = measure(state, given.volumes, now_us)
    return shapes if isinstance(shapes, Refusal) else given.volumes


def _is_late(state: State, member: Member, command: Send, volumes: tuple[Volume4D, ...], now_us: int) -> bool:
    """Inside the charter's lead time; of a movement, that it was notified late itself."""
    row = state.movements.get((member.party, command.operation)) if command.operation else None
    lead_us = state.charter.lead_us
    return (row is not None and row.late) or any(v.start_us - now_us < lead_us for v in volumes)


def _own_inside(state: State, member: Member, command: Send, volumes: tuple[Volume4D, ...]) -> tuple[bytes, ...]:
    """Entries of the sender's own register inside, but the one that it is about and those reviewed with its plan."""
    if not volumes:
        return ()
    about = command.operation or b""
    seen = (about, *reviewed_with(state, (member.party, about)))
    return tuple(entry for entry in own_inside(state, member.party, shapes(volumes)) if entry not in seen)


def _sent(
    command: Send | Stop,
    head: tuple[int, MessageKind, Precedence],
    member: Member,
    hotline: HotlineEffects,
    due_us: int,
    text: bytes | None,
    where: bool,
    wrong: tuple[tuple[str, str], ...],
) -> Items:
    """What sender and receivers are told; `head` is version, kind and precedence."""
    _, kind, precedence = head
    read_back = needs(kind, precedence, where) is Reach.READ_BACK
    cells: dict[str, list[str]] = {party: [] for party in (*hotline.to, member.party)}
    for owed in hotline.owed:
        cells[owed.party].append(owed.cell)
    first = (member.party, command.message, *head, phrase_or_none(command.phrase), text, where, read_back)
    tail = (command.drill, hotline.late, hotline.off_watch, wrong)
    return {party: [MessageItem(*first, tuple(own), due_us if own else 0, *tail)] for party, own in cells.items()}


def contradictions(
    state: State, parts: Parts, text: int | None, volumes: tuple[Volume4D, ...], now_us: int
) -> tuple[tuple[str, str], ...]:
    """What a text says otherwise than the volumes beside it: what is said, what the volumes say."""
    part = parts[text][0] if text is not None else None
    found = lint(part.text, volumes, now_us, state.charter.landmarks) if isinstance(part, Text) else ()
    return tuple((c.said, c.volumes_say) for c in found if c.kind is not Kind.UNREAD)


# STOP


def _beside(
    state: State, parts: Parts, text: int | None, volumes: tuple[Volume4D, ...], now_us: int
) -> tuple[tuple[str, str], ...]:
    """The same for what nothing may hold up, not even a fault in comparing."""
    try:
        return contradictions(state, parts, text, volumes, now_us)
    except Exception:  # noqa: BLE001  it goes out, and says that it was not compared
        return (("", "the text could not be compared"),)


def _sound_text(parts: Parts, index: int | None) -> int | None:
    """The text of a STOP, where it is one that could be read."""
    part = parts[index][0] if index is not None and 0 <= index < len(parts) else None
    return index if isinstance(part, Text) and len(part.text) <= TEXT_CHARACTERS_MAX else None


def _sound_volumes(parts: Parts, index: int | None) -> tuple[Volume4D, ...]:
    """The volumes of a STOP, where they are any that could be meant."""
    part = parts[index][0] if index is not None and 0 <= index < len(parts) else None
    if not isinstance(part, Volumes) or not 0 < len(part.volumes) <= VOLUMES_MAX:
        return ()
    return () if isinstance(check_volumes(part.volumes, 0, TIME_US_MAX), Refusal) else part.volumes


def decide_stop(
    state: State, member: Member, key: bytes, command: Stop, parts: Parts, now_us: int
) -> Outcome | Refusal:
    """To every party, every cell; nothing in it is held against it."""
    if len(command.message) != ID_BYTES:
        return refuse(Reason.MALFORMED, "command.message", f"{ID_BYTES} bytes", f"{len(command.message)} bytes")
    old = state.messages.get((member.party, command.message))
    if old is not None and old.kind is not MessageKind.STOP:
        return refuse(Reason.EXISTS, "command.message", "an id that no other message of yours has", "taken")
    if old is None and _stops_in_force(state, member.party) >= STOPS_IN_FORCE_MAX:
        limit = f"at most {STOPS_IN_FORCE_MAX} STOPs of a party in force: those said before hold, take some back"
        return refuse(Reason.TOO_MANY, "command.message", limit, STOPS_IN_FORCE_MAX + 1)
    text = _sound_text(parts, command.text)
    where = _sound_volumes(parts, command.volumes)
    volumes = command.volumes if where else None
    to = tuple(sorted(m.party for m in state.members.values() if m.keys and not m.left_us and m.party != member.party))
    due_us = now_us + acknowledge_us(state, Precedence.FLASH)
    off_watch = not is_on_watch(state, member, key, now_us)
    owed = owed_by(state, to, None, due_us)
    hotline = HotlineEffects(to, owed, text, volumes, off_watch=off_watch)
    version = old.version + 1 if old is not None else 1
    head = (version, MessageKind.STOP, Precedence.FLASH)
    wrong = _beside(state, parts, text, where, now_us)
    items = _sent(command, head, member, hotline, due_us, said_text(parts, text), bool(where), wrong)
    result = accepted(Accepted(version), Effects(hotline=hotline), len(parts))
    result.notices = told(items)
    return result


def _stops_in_force(state: State, party: str) -> int:
    mine = (message for (sender, _), message in state.messages.items() if sender == party)
    return sum(1 for message in mine if message.kind is MessageKind.STOP and not message.closed_us)


def is_on_watch(state: State, member: Member, key: bytes, now_us: int) -> bool:
    """Whether a key is live and, where its party keeps watches, on one of them."""
    row = member.keys[key]
    if row.revoked_us or row.grant.expires_us <= now_us:
        return False
    kept = [cell for cell in {*all_cells(state, member.party), ""} if (member.party, cell) in state.watches]
    return not kept or any(on_watch(state, member, cell, now_us) == key for cell in kept)


# taking back


def decide_cancel(state: State, member: Member, key: bytes, command: CancelMessage, now_us: int) -> Outcome | Refusal:
    """Nobody owes anything to it any more. Anybody may say STOP; whoever is on watch takes it back."""
    message = state.messages.get((member.party, command.message))
    if message is None:
        return refuse(Reason.UNKNOWN, "command.message", "a message of yours", command.message.hex())
    if message.version != command.version:
        limit = f"the current version {message.version}"
        return refuse(Reason.STALE_VERSION, "command.version", limit, command.version)
    if message.state is MessageState.CANCELLED:
        return refuse(Reason.WRONG_STATE, "command.message", "a message that is not over", message.state.value)
    if message.kind is MessageKind.STOP and not is_on_watch(state, member, key, now_us):
        return refuse(Reason.NOT_PERMITTED, "envelope.keys", "a key on watch, to take a STOP back", "a key off watch")
    item = MessageStateItem(member.party, message.id, message.version, "cancelled")
    result = accepted(Accepted(message.version), Effects(hotline=HotlineEffects(state=MessageState.CANCELLED)))
    result.notices = told({party: [item] for party in (*message.to, member.party)})
    return result
