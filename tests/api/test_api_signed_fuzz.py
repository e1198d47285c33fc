"""Commands that are signed as they should be and say anything at all: each gets an answer, and the node goes on."""

import asyncio
import os
import types
import typing
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
from api_kit import World, run
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from worlds import DAY, HOUR, ND, START_US, seed_of

from wideberth.party.command import PART_TYPES, ROOT_COMMANDS, Command, Leave, PartyCommand, Plan, Volumes
from wideberth.space.volume import Circle, Polygon, Volume4D

EXAMPLES = 5_000 if os.environ.get("WIDEBERTH_LONG") else 400
KNOWN_IDS = [bytes(16), b"known-operation1", b"known-operation2"]
INTEGERS = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([-(2**63), 2**63 - 1, 2**31, 180 * ND, 90 * ND, START_US, START_US + HOUR, 10**12]),
    st.integers(-(2**63), 2**63 - 1),
)
TEXTS = st.one_of(st.sampled_from(["", "AAA", "BBB", "ZZZ", "mine", "other", "*", "plan"]), st.text(max_size=90))
BYTES = st.one_of(st.sampled_from([*KNOWN_IDS, bytes(32)]), st.binary(max_size=40))


def of(kind: Any) -> st.SearchStrategy[Any]:
    """Anything that an annotation allows."""
    origin, given_types = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return st.one_of([of(k) for k in given_types])
    if origin is tuple and given_types[-1] is Ellipsis:
        return st.lists(of(given_types[0]), max_size=4).map(tuple)
    if origin is tuple:
        return st.tuples(*(of(k) for k in given_types))
    if kind is type(None):
        return st.none()
    if kind is bool:
        return st.booleans()
    if kind is Volume4D:
        return volumes()
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return st.builds(
            kind,
            **{name: of(hint) for name, hint in typing.get_type_hints(kind).items() if name in kind.__struct_fields__},
        )
    return {int: INTEGERS, str: TEXTS, bytes: BYTES}[kind]


def volumes() -> st.SearchStrategy[Volume4D]:
    """Volumes, mostly wrong, sometimes right."""
    lat, lon = (st.one_of(st.integers(a * ND, b * ND), INTEGERS) for a, b in ((40, 44), (-40, -36)))
    place = st.one_of(
        st.builds(Circle, lat, lon, st.one_of(st.integers(1, 50_000_000), INTEGERS)),
        st.builds(
            lambda points: Polygon(tuple(v for p in points for v in p)), st.lists(st.tuples(lat, lon), max_size=6)
        ),
        st.builds(lambda flat: Polygon(tuple(flat)), st.lists(INTEGERS, max_size=7)),
    )
    start = st.one_of(st.integers(START_US, START_US + DAY), INTEGERS)
    height = st.one_of(st.integers(0, 2_000_000), INTEGERS)
    right = st.builds(
        lambda p, s: Volume4D(p, 0, 1_000_000, s, s + HOUR), place, st.integers(START_US + HOUR, START_US + DAY)
    )
    return st.one_of(right, st.builds(Volume4D, place, height, height, start, start))


KINDS = [kind for kind in typing.get_args(PartyCommand) if kind is not Leave]
"""All but leaving, after which nothing more of a party is decided."""
COMMANDS: st.SearchStrategy[Command] = st.one_of([of(kind) for kind in KINDS])
PARTS = st.lists(of(PART_TYPES), max_size=3)


def test_whatever_is_signed_is_answered(tmp_path: Path) -> None:
    """Any values in any command with any parts: accepted or refused by name, never a fault, never set aside, and the
    next command is decided as before."""

    async def steps(world: World) -> None:
        for party, thing in (("AAA", KNOWN_IDS[1]), ("BBB", KNOWN_IDS[2])):
            assert (await world.plan(party, world.box(), operation=thing))[1].status_code == 200
        loop = asyncio.get_running_loop()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(command=COMMANDS, parts=PARTS, party=st.sampled_from(["AAA", "BBB"]))
        def each(command: Command, parts: list[Any], party: str) -> None:
            sent = asyncio.run_coroutine_threadsafe(say(world, party, command, parts), loop).result(60)
            assert sent.status_code < 500, (sent.text, command, parts)

        await asyncio.to_thread(each)
        assert world.node.failed == ""
        _, answer = await world.plan("CCC", world.box(lat=46))
        assert answer.status_code == 200

    run(tmp_path, steps, parties=("AAA", "BBB", "CCC", "DDD"))


async def say(world: World, party: str, command: Command, parts: list[Any]) -> Any:
    """Signed by whom such a command has to be signed by."""
    try:
        body = world.seal(
            party, command, parts, seeds=(seed_of(party, "root"),) if isinstance(command, ROOT_COMMANDS) else ()
        )
    except (UnicodeEncodeError, OverflowError):
        return types.SimpleNamespace(status_code=400)  # no client can write it down
    world.hands.move(1_000)
    return await world.send(body)


def test_the_fuzz_reaches_what_it_is_for() -> None:
    """Every command of the closed set is made, and plans with volumes that could be taken are among them."""
    kinds = {kind.__name__ for kind in KINDS}
    made: set[str] = set()

    @settings(
        max_examples=2_000, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(COMMANDS)
    def each(command: Command) -> None:
        made.add(type(command).__name__)

    each()
    assert made == kinds
    assert Plan.__name__ in made
    assert Volumes in typing.get_args(PART_TYPES)
