"""Alerts of the live watch, as sentences.

In:  the fields of a warning, or of an item, by name.
Out: what is said, and the facts beside it, read off the bytes. Nothing is concluded: an alert says what was predicted
     or measured from feeds.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from .show import shown

BETWEEN = {
    "pair": "two tracks",
    "entry": "a track and a plan or constraint that it is no part of",
    "place": "a track and a protected place or movement",
    "line": "a track and an agreed line",
}
COMES = {
    "warned": "are about to come too near one another",
    "happened": "have come too near one another",
    "passed": "are too near no longer",
    "lost": "are out of sight, one of them at least: how it went on is not known",
}
LEAVES = {
    "warned": "a track is about to leave its own plan",
    "happened": "a track has left its own plan",
    "passed": "a track is back on its own plan",
    "lost": "a track that was off its own plan is out of sight",
}
DOUBT = "physics or the format speaks against a track of it"


def came(kind: str, stage: str) -> str:
    """What an alert says at a stage."""
    if kind == "off-plan" and stage in LEAVES:
        return LEAVES[stage]
    if kind in BETWEEN and stage in COMES:
        return f"{BETWEEN[kind]} {COMES[stage]}"
    return shown(f"an alert, {kind}: {stage}")


def measured(fields: dict[str, Any], when: str) -> list[tuple[str, str]]:
    """How near and when; `when` is the time of the nearest moment, in words."""
    facts = [("alert", str(UUID(bytes=fields["alert"])))]
    if fields["kind"] != "off-plan":
        begins = fields["kind"] != "pair"
        facts += [
            ("begins, or is nearest, at" if begins else "nearest at", when),
            ("apart horizontally", f"{fields['horizontal_mm'] / 1000:g} m"),
            ("apart in height", f"{fields['vertical_mm'] / 1000:g} m"),
        ]
    return [*facts, *([("doubtful", DOUBT)] if fields.get("doubtful") else [])]


def side_text(fields: dict[str, Any]) -> str:
    """A side of a warning: its plan (or its place) and its track, as far as they are named."""
    plan = [f"plan or place {UUID(bytes=fields['operation'])}"] if len(fields["operation"]) == 16 else []
    track = [f"track {shown(fields['track'])}"] if fields["track"] else []
    return ", ".join([*plan, *track]) or "named in no feed and by no plan"


def told_of_alert(fields: dict[str, Any], when: str) -> tuple[str, list[tuple[str, str]]]:
    """An alert as one of its sides was told of it."""
    taken = fields["what"] == "acknowledged"
    what = "an alert was taken up" if taken else came(fields["kind"], fields["what"])
    facts = measured(fields, when)
    facts.append(("on its own side", side_text(fields)))
    if fields["kind"] != "off-plan":
        facts.append(("the other side", shown(fields["other"]) or "not named"))
    return what, [*facts, *([("by", shown(fields["by"]))] if fields["by"] else [])]
