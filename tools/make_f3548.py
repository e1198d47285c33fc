"""Makes docs/f3548.md: each requirement of ASTM F3548-21 and F3411-22a beside the tests that hold it.

Run `python tools/make_f3548.py` after a change to tests/conformance; a test there compares what stands in `docs/` with
what this would write. The requirements are named as the test suite of the InterUSS project names them. What they ask is
said in our own words and briefly; the standards themselves are the source.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "f3548.md"
TESTS: Final = ROOT / "tests" / "conformance"
STANDARDS: Final = {"f3548": "astm.f3548.v21.", "f3411": "astm.f3411.v22a."}

F3548_ASKS: Final[dict[str, str]] = {
    "DSS0005,1": "operational intent references are created, changed, deleted and read by id",
    "DSS0005,2": "operational intent references are found by area and time",
    "DSS0005,3": "constraint references are created, changed and deleted",
    "DSS0005,4": "constraint references are found by area and time",
    "DSS0005,5": "subscriptions are created, changed, deleted, read and found",
    "DSS0015": "a subscription lasts a day at most",
    "DSS0100,1": "the availability of a supplier is read, and set by an arbiter",
    "DSS0100,2": "problems are reported and kept",
    "DSS0210,1a": "of a subscription all instances know the id",
    "DSS0210,1b": "… its owner",
    "DSS0210,1c": "… its address",
    "DSS0210,1d": "… its area",
    "DSS0210,1e": "… its times",
    "DSS0210,1f": "… its version",
    "DSS0210,1g": "… what it wants to hear of",
    "DSS0210,1h": "… whether it is implicit",
    "DSS0210,1i": "… its notification index",
    "DSS0210,2a": "of a reference all instances know the id",
    "DSS0210,2b": "… its manager",
    "DSS0210,2c": "… its address",
    "DSS0210,2d": "… its state",
    "DSS0210,2e": "… its version and OVN",
    "DSS0210,2f": "… its times",
    "DSS0210,3a": "of an availability all instances know the supplier",
    "DSS0210,3b": "… the word",
    "DSS0210,3c": "… its version",
    "DSS0210,A2-7-2,1a": "what was created is read and found alike",
    "DSS0210,A2-7-2,1b": "what was changed is read and found alike",
    "DSS0210,A2-7-2,1c": "intents are found at every instance",
    "DSS0210,A2-7-2,1d": "intents are read at every instance",
    "DSS0210,A2-7-2,1e": "constraints are found at every instance",
    "DSS0210,A2-7-2,1f": "constraints are read at every instance",
    "DSS0210,A2-7-2,2a": "a create shows that it knows what it meets",
    "DSS0210,A2-7-2,2b": "a change shows that it knows what it meets",
    "DSS0210,A2-7-2,3a": "a deleted intent is no longer found",
    "DSS0210,A2-7-2,3b": "a deleted intent is no longer read",
    "DSS0210,A2-7-2,3c": "a deleted constraint is no longer found",
    "DSS0210,A2-7-2,3d": "a deleted constraint is no longer read",
    "DSS0210,A2-7-2,4a": "a subscription is answered with what is there",
    "DSS0210,A2-7-2,4b": "a create names the subscriptions that it meets",
    "DSS0210,A2-7-2,4c": "a change names the subscriptions that it meets",
    "DSS0210,A2-7-2,4d": "an expired subscription is gone",
    "DSS0210,A2-7-2,5a": "a deleted subscription is gone",
    "DSS0210,A2-7-2,5b": "a create names no deleted subscription",
    "DSS0210,A2-7-2,5c": "a change names no deleted subscription",
    "DSS0210,A2-7-2,6": "availability is the same at every instance",
    "DSS0210,A2-7-2,7": "nobody is let in without a token that holds and carries the scope",
    "DSS0215": "an answer leaves when what it says is stored",
    "OPIN0025": "an intent is shared through the DSS, with its details at its manager's",
    "OPIN0030": "an intent is planned thirty days ahead at most",
    "OPIN0035": "an intent is changed by its manager alone",
    "SCD0005": "accepted intents of a supplier that is down stand in nobody's way",
    "SCD0010": "other intents of a supplier that is down count as ever",
    "SCD0035": "an intent is accepted in knowledge of those that it meets",
    "SCD0040": "an accepted intent is changed in that knowledge",
    "SCD0045": "an intent is activated in that knowledge",
    "SCD0090": "who plans onto somebody is told",
    "SCD0095": "who is planned onto is told",
    "SCD0100": "off-nominal states need the role that they belong to",
    "USS0105,1": "a manager gives the details of its intents",
    "USS0105,3": "a manager takes notices of intents",
    "USS0105,4": "a manager takes reports",
    "USS0110": "a manager gives the details of its constraints and takes notices of them",
}
"""What each requirement asks, as far as a DSS, or a node that manages plans of its own parties, has a part in it."""

F3411_ASKS: Final[dict[str, str]] = {
    "DSS0030,a": "service areas are written, found and read",
    "DSS0030,b": "service areas are deleted",
    "DSS0030,c": "subscriptions are written",
    "DSS0030,d": "subscriptions are deleted",
    "DSS0030,e": "a subscription is read by its id",
    "DSS0030,f": "subscriptions are found by area",
    "DSS0050": "an owner has ten live subscriptions in an area at most",
    "DSS0060": "a subscription lasts a day at most",
    "DSS0070": "every instance gives the same answers",
    "DSS0130,1": "what is written is known at every instance",
    "DSS0130,2,a": "of a subscription the id",
    "DSS0130,2,b": "… its owner",
    "DSS0130,2,c": "… its address",
    "DSS0130,2,d": "… its times",
    "DSS0130,2,e": "… its version",
    "DSS0130,2,f": "… its notification index",
    "DSS0130,3,a": "of a service area the id",
    "DSS0130,3,b": "… its owner",
    "DSS0130,3,c": "… its address",
    "DSS0130,3,d": "… its times",
    "DSS0130,3,e": "… its version",
    "DSS0130,A2-6-1,1a": "an area is created",
    "DSS0130,A2-6-1,1b": "an area is changed",
    "DSS0130,A2-6-1,1c": "an area is got everywhere alike",
    "DSS0130,A2-6-1,1d": "an area goes when its time is over",
    "DSS0130,A2-6-1,2a": "an area is deleted",
    "DSS0130,A2-6-1,2b": "its deletion is seen everywhere",
    "DSS0130,A2-6-1,3a": "a subscription is created",
    "DSS0130,A2-6-1,3b": "it hears of new areas",
    "DSS0130,A2-6-1,3c": "it hears of changed areas",
    "DSS0130,A2-6-1,3d": "it goes when its time is over",
    "DSS0130,A2-6-1,4a": "a subscription is deleted",
    "DSS0130,A2-6-1,4b": "its deletion is seen everywhere",
    "DSS0130,A2-6-1,5": "a subscription is got everywhere alike",
    "DSS0130,A2-6-1,6": "the subscriptions of an area are got everywhere alike",
}

NOT_COVERED: Final[tuple[tuple[str, str], ...]] = (
    ("F3548 DSS0010; F3411 DSS0010, DSS0040", "no check of the InterUSS test suite names them, so no test here does"),
    (
        "F3548 DSS0020, DSS0200, DSS0205; F3411 DSS0110, DSS0120",
        "ask several instances of a pool to agree and to guard the traffic between their databases. A theatre has one "
        "sequencer and no pool: what is asked of every instance is asked of the one that there is",
    ),
    (
        "F3548 DSS0300; F3411 DSS0210",
        "a public address for tests: the operator's to give",
    ),
    (
        "F3411 DSS0020",
        "TLS: a node off loopback speaks nothing else; tests/node holds it",
    ),
    (
        "F3548 GEN0005 to GEN0500, LOG0005 to LOG0055, ACM0005 to ACM0015",
        "what a supplier is as a company, keeps as logs, and finds out about its operators' conformance. The ledger "
        "keeps what was said to the DSS and by it; the rest is the supplier's",
    ),
    (
        "F3548 SCD0015 to SCD0030, SCD0050 to SCD0085, USS0005, OPIN0005 to OPIN0020, OPIN0040",
        "how a supplier plans for its operators and tells other suppliers: priorities and the decision to plan stay "
        "with it. The role of a supplier for operators outside the theatre is a later capability",
    ),
    (
        "F3548 CMSA0005 to CMSA0330, USS0105,2",
        "conformance monitoring: a node has plans, not positions, and answers a question for telemetry with 412",
    ),
    (
        "F3548 CSTM0005 to CSTM0095, CSTP0005 to CSTP0035",
        "who may close space, how it is published and how operators hear of it: the constraint provider's",
    ),
    ("F3411 NET0010 to NET0740", "service and display providers of remote identification: not this project"),
)
"""What no test of the suite holds, and why."""

HEAD: Final = """\
# ASTM F3548-21 and F3411-22a: what is held, and by which test

Made by `tools/make_f3548.py` from `tests/conformance`, where two suppliers and an arbiter drive a served node by bearer
tokens. Every answer in these tests has a status that the published interface lists (the few beyond stand in
`conformance_kit.BEYOND`), parses as the type that `uas_standards` has for it, and validates against the published
OpenAPI files where the environment variable `WIDEBERTH_STANDARDS` names the folder with them. The suite is run by
`pytest tests/conformance`.

A theatre has one sequencer. Where a standard asks all instances of a pool to agree, there is one to ask, and what the
tests hold is that it answers so from the moment in which a write is answered, and after a restart.

Requirements are named as the InterUSS test suite names them; what they ask is said in our words, as far as a DSS has a
part in it. For their text see the standards.
"""


class Held(NamedTuple):
    """A test, what it promises, and the requirements that it holds."""

    file: str
    name: str
    promise: str
    ids: tuple[str, ...]


def tests() -> Iterator[Held]:
    """Every test of the suite, read from the source."""
    for path in sorted(TESTS.glob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                promise = " ".join((ast.get_docstring(node) or "").split())
                yield Held(path.name, node.name, promise, tuple(_ids(node)))


def _ids(node: ast.FunctionDef) -> Iterator[str]:
    """What the marks `f3548(...)` and `f3411(...)` of a test name."""
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id in STANDARDS:
            for argument in mark.args:
                assert isinstance(argument, ast.Constant), f"{node.name}: a mark names ids, letter by letter"
                yield STANDARDS[mark.func.id] + str(argument.value)


def unknown() -> set[str]:
    """Ids that a test names and this page has no words for, and ids that it has words for and no test names."""
    named = {i for held in tests() for i in held.ids}
    known = {STANDARDS["f3548"] + i for i in F3548_ASKS} | {STANDARDS["f3411"] + i for i in F3411_ASKS}
    return named ^ known


def _table(standard: str, asks: dict[str, str]) -> list[str]:
    by_id: dict[str, list[Held]] = {}
    for held in tests():
        for named in held.ids:
            by_id.setdefault(named, []).append(held)
    rows = ["| requirement | what it asks | held by |", "|---|---|---|"]
    for short, words in asks.items():
        named = STANDARDS[standard] + short
        holders = "<br>".join(f"`{h.file}::{h.name}`" for h in by_id.get(named, []))
        rows.append(f"| {named} | {words} | {holders} |")
    return rows


def _own() -> list[str]:
    rows = ["| promise | held by |", "|---|---|"]
    for held in tests():
        if not held.ids and held.file != "test_compliance_page.py":
            rows.append(f"| {held.promise.replace('|', '/')} | `{held.file}::{held.name}` |")
    return rows


def page() -> str:
    """The page."""
    lines = [
        HEAD,
        "## F3548-21: discovery and synchronisation",
        "",
        *_table("f3548", F3548_ASKS),
        "",
        "## F3411-22a: service areas and their subscriptions",
        "",
        *_table("f3411", F3411_ASKS),
        "",
        "## Not covered, and why",
        "",
        "| requirements | why |",
        "|---|---|",
        *(f"| {ids} | {why} |" for ids, why in NOT_COVERED),
        "",
        "## What the suite holds beside the standards",
        "",
        "How they are understood here, and what suppliers and the theatre's own parties learn of one another.",
        "",
        *_own(),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write it."""
    assert not unknown(), unknown()
    PAGE.write_text(page())
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
