"""The load: suppliers who plan flights at a server of ASTM F3548-21, as hard as it takes, and what came of it.

In:  an address, tokens, how many planners for how long.
Out: a `Report`: successes alone counted and timed, refusals, time-outs and failures apart.
It speaks the standard and nothing else, so it measures any server that does.
"""

from wideberth.load.flights import Cell, Spread
from wideberth.load.line import Address, parse_address
from wideberth.load.planners import Accepted, Key
from wideberth.load.ramp import Generator, Load, LoadFailed, Report, Source, run
from wideberth.load.tally import Step, Times

__all__ = [
    "Accepted",
    "Address",
    "Cell",
    "Generator",
    "Key",
    "Load",
    "LoadFailed",
    "Report",
    "Source",
    "Spread",
    "Step",
    "Times",
    "parse_address",
    "run",
]
