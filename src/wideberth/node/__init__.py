"""The running node: joins clock, ledger, deciding and sockets.

opening    a data folder: founding a theatre, checking and replaying, compiling
core       the loop that decides, appends, lets time pass and serves reads
turns      a queue a party, round robin
sessions   signed challenges and read sessions
streams    who waits for news
live       feeds, sweeps, alerts; `sky` what the watch knows of the theatre, `shown_cot` what maps are told
metrics    figures for the operator
serve      one process: the node behind uvicorn, until it is told to stop or the ledger fails
"""

from wideberth.node.core import Node
from wideberth.node.opening import Clocks, NodeFailed, found_theatre, system_clocks
from wideberth.node.serve import Ready, run

__all__ = ["Clocks", "Node", "NodeFailed", "Ready", "found_theatre", "run", "system_clocks"]
