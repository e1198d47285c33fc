"""What a party reads of the hotline: its open messages, one message, its lines, its watches.

In:  a session and an address. Out: values of `theatre.hotline_views`, as of a ledger position.
Refuses what does not exist and what is not the reader's to see with the same words (UNKNOWN).
"""

from typing import Any, Final

from wideberth.api.call import Call
from wideberth.api.reads import as_of
from wideberth.limits import PAGE_ITEMS_MAX
from wideberth.party.identity import check_party_code
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre import hotline_views
from wideberth.theatre.hotline_views import Lines, MessageNow, Messages, Watches
from wideberth.theatre.shown import AsOf, id_text

MESSAGES_PAGE: Final = 100
"""Messages of a page where nothing is said: past that nobody looks."""


class OneMessage(MessageNow, frozen=True, kw_only=True):
    """A message, as of a position; of a late notice or a STOP, what of its text contradicts its geometry."""

    as_of: AsOf
    contradictions: tuple[hotline_views.Contradiction, ...]


async def messages(call: Call) -> Messages | Refusal:
    """A page of what is open for the reader."""
    after = call.integer("after", 0)
    if isinstance(after, Refusal):
        return after
    limit = call.integer("limit", MESSAGES_PAGE, PAGE_ITEMS_MAX, 1)
    if isinstance(limit, Refusal):
        return limit
    node = call.node
    return await call.read(lambda: hotline_views.messages(node.state, call.party, as_of(node), after, limit))


async def message(call: Call) -> OneMessage | Refusal:
    """One message that the reader sent or was sent, also when it is over."""
    message_id = call.thing_id()
    if isinstance(message_id, Refusal):
        return message_id
    sender = str(call.request.path_params["sender"])
    no = check_party_code(sender, "sender")
    if no is not None:
        return no
    node = call.node

    def find() -> OneMessage | Refusal:
        row = hotline_views.find_message(node.state, call.party, sender, message_id)
        if row is None:
            return refuse(Reason.UNKNOWN, "id", "a message that you sent or were sent", id_text(message_id))
        found = hotline_views.message(node.state, call.party, row)
        members: dict[str, Any] = {name: getattr(found, name) for name in found.__struct_fields__}
        return OneMessage(**members, as_of=as_of(node), contradictions=hotline_views.contradictions(node.state, row))

    return await call.read(find)


async def lines(call: Call) -> Lines | Refusal:
    """The lines that the reader is an end of."""
    node = call.node
    return await call.read(lambda: hotline_views.lines(node.state, call.party, as_of(node)))


async def watches(call: Call) -> Watches | Refusal:
    """The reader's cells and watches."""
    node = call.node
    return await call.read(lambda: hotline_views.watches(node.state, call.member, as_of(node)))
