"""The room that sends: what the node has to tell, to addresses that suppliers gave.

destination   reading an address, vetting what its name leads to, pinning it
line          HTTP to pinned addresses and to nothing else, with bounds on everything
own_tokens    the node's own bearer tokens
challenge     whether those who run an address want to hear from the node
outbound      a queue a destination: rates, retries, bounds
figures       what is counted
pace          clocks, token buckets, growing waits

Nothing else of the node opens a connection on somebody else's word.
"""

from wideberth.delivery.challenge import Proof
from wideberth.delivery.destination import join, uss_url
from wideberth.delivery.figures import Figures
from wideberth.delivery.outbound import Destination, Outbound, Outcome
from wideberth.delivery.own_tokens import OwnTokens
from wideberth.delivery.pace import Clock

__all__ = ["Clock", "Destination", "Figures", "Outbound", "Outcome", "OwnTokens", "Proof", "join", "uss_url"]
