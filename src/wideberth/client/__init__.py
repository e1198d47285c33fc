"""The Python client: a party's way to a node, which the command line itself uses.

In:  the address of a node, a party, the seed of its watch key.
Out: `Client` (says and reads), `follow` (a stream that resumes), the answers as typed values.
Refusals are returned as `Problem`s. Raised are `Unreachable`, `BadAnswer`, and the alarms `Fork` and `BadReceipt`.

    with Client("http://127.0.0.1:8080", "HAS", seed) as client:
        answer = client.plan(client.new_id(), volumes, label="HAS-0417")
"""

from wideberth.client.client import BadReceipt, Client, Sealed, Unanswered, plan_subject, proposal_subject
from wideberth.client.connection import Refused, Unreachable
from wideberth.client.history import Fork, History, Known
from wideberth.client.stream import Silence, catch_up, follow
from wideberth.client.wire import Answer, BadAnswer, NoticeRow, Problem, Tick, View

__all__ = [
    "Answer",
    "BadAnswer",
    "BadReceipt",
    "Client",
    "Fork",
    "History",
    "Known",
    "NoticeRow",
    "Problem",
    "Refused",
    "Sealed",
    "Silence",
    "Tick",
    "Unanswered",
    "Unreachable",
    "View",
    "catch_up",
    "follow",
    "plan_subject",
    "proposal_subject",
]
