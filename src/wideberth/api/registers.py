"""What a party reads of its register.

In:  a session. Out: values of `theatre.register_views`, as of a ledger position.
"""

from wideberth.api.call import Call
from wideberth.api.reads import as_of
from wideberth.refusal import Refusal
from wideberth.theatre import register_views
from wideberth.theatre.register_views import Registers


async def registers(call: Call) -> Registers | Refusal:
    """The reader's protected places and movements."""
    node = call.node
    return await call.read(lambda: register_views.registers(node.state, call.party, as_of(node)))
