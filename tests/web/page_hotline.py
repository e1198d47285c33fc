"""The hotline of the page's small world, in the shape of the node's answers, and what commands do to it."""

import json
from typing import Any

import page_world as pw

from wideberth.party.hotline import Acknowledge, AnswerCheck, AnswerMessage, HandOver, Reject, TakeOver
from wideberth.space.volume import Circle, Volume4D
from wideberth.words.readback import readback_of

PLACE = Circle(42_262_100_000, -38_718_200_000, 5_000_000)
HOURS_US = (1_795_328_400_000_000, 1_795_332_000_000_000)
RIGHT = readback_of([Volume4D(PLACE, 0, 900_000, *HOURS_US)], 1).items()


def quiet() -> dict[str, Any]:
    """Nothing is open."""
    return {"messages": [], "lines": [], "cells": [cell("", [])], "keys": []}


def cell(code: str, items: list[str], **more: Any) -> dict[str, Any]:
    """A cell without a watch."""
    base = {"cell": code, "above": "", "name": code or "HAS", "languages": ["en"], "area": None, "key": None,
            "label": None, "since": None, "offered": None, "items": items}  # fmt: skip
    return base | more


def message(name: str, sender: str, kind: str, precedence: str, **more: Any) -> dict[str, Any]:
    """A message; to the reader it is owed by its one cell."""
    mine = sender == "HAS"
    owed = {"id": pw.name_id(f"owed {name}"), "cell": "", "reach": "sent", "open": True, "rung": 0, "asked": "",
            "proxy": False, "acknowledge_by": pw.at("06:14:10"), "onward": None}  # fmt: skip
    base = {
        "id": pw.name_id(name), "sender": sender, "mine": mine, "version": 1, "kind": kind, "precedence": precedence,
        "phrase": kind, "text": None, "language": None, "volumes": [], "operation": None, "conflict": None,
        "drill": False, "exercise": True, "late": False, "off_watch": False, "sent": pw.at("06:12:10"),
        "position": 48_200, "state": "open", "needs": "received", "effective": None,
        "receivers": [{"party": "TAF", "reach": "received", "rung": 0}] if mine else [],
        "owed": [] if mine else [owed], "answers": [], "doubts": [], "read_back": [], "landmark": None,
    }  # fmt: skip
    return base | more


def busy() -> dict[str, Any]:
    """A notice to read back, a question in another language, an own notice on its way; a line that fails."""
    place = pw.volume(pw.circle(-38.7182, 42.2621, 5000), 0, 900, pw.at("07:00:00"), pw.at("08:00:00"))
    notice = message("N1", "TAF", "notice", "immediate", text="Survey near Dorun.", language="en", volumes=[place],
                     needs="read-back", read_back=list(RIGHT), landmark="Dorun", late=True)  # fmt: skip
    query = message("Q1", "MAF", "query", "priority", text="Wo sind Ihre Leute? \u202eabc", language="de")
    own = message("N2", "HAS", "notice", "routine", text="Relief flight at seven.", language="en")
    line = {"first": "CAA", "second": "HAS", "path": "second", "state": "degraded", "misses": 2,
            "heard": None, "check": pw.name_id("check"), "answer_by": pw.at("06:13:40")}  # fmt: skip
    owed = [notice["owed"][0]["id"], query["owed"][0]["id"]]
    return {"messages": [notice, query, own], "lines": [line], "cells": [cell("", owed)], "keys": []}


def stop_event(name: str, sender: str = "TAF", text: str | None = "Our people are there.", **more: Any) -> str:
    """A STOP as the stream brings it before it is an entry."""
    base = {"sender": sender, "message": pw.name_id(name), "time": pw.at("06:12:50"), "phrase": "stop", "text": text,
            "drill": False, "off_watch": False, "envelope": "", "signature": ""}  # fmt: skip
    return f"event: stop\ndata: {json.dumps(base | more)}\n\n"


def stop_entry(name: str, **more: Any) -> dict[str, Any]:
    """The same, once it is an entry."""
    return message(name, "TAF", "stop", "flash", text="Our people are there.", language="en", **more)


def apply(hotline: dict[str, Any], command: object, now: str) -> None:
    """The effect of a command on what the reader sees."""
    match command:
        case Acknowledge(subject, cell_, echo):
            owed = _owed(hotline, subject.message, cell_)
            owed["reach"] = "read-back" if echo else "received"
            owed["open"] = _found(hotline, subject.message)["needs"] == "read-back" and not echo
            owed["acknowledge_by"] = None
        case AnswerMessage(subject, cell_) | Reject(subject, cell_):
            owed = _owed(hotline, subject.message, cell_)
            owed["reach"] = "rejected" if isinstance(command, Reject) else "received"
        case AnswerCheck():
            hotline["lines"][0] |= {"state": "up", "answer_by": None}
        case TakeOver(cell_):
            hotline["cells"][0] |= {"cell": cell_, "label": "desk 1"}
        case HandOver():
            hotline["cells"][0]["offered"] = "AAAA"


def _found(hotline: dict[str, Any], raw: bytes) -> dict[str, Any]:
    found = next(m for m in hotline["messages"] if m["id"].replace("-", "") == raw.hex())
    assert isinstance(found, dict)
    return found


def _owed(hotline: dict[str, Any], raw: bytes, cell_: str) -> dict[str, Any]:
    found = next(o for o in _found(hotline, raw)["owed"] if o["cell"] == cell_)
    assert isinstance(found, dict)
    return found
