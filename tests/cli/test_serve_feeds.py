"""What `serve` says of its feeds at the start."""

import importlib
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from numba import njit
from served import founded
from worlds import DAY, NODE_SEED, START_US, World, charter, founder, seed_of

from wideberth.cli import run
from wideberth.cli.serve_feeds import COMPILING, DECIDING, feeds_of_nobody, members_of, telling_of_compiling
from wideberth.node import found_theatre, live
from wideberth.node.opening import open_folder
from wideberth.party.command import Accept, Genesis, Invite, Leave
from wideberth.party.identity import KeyGrant, Role, public_key, root_digest
from wideberth.sequencer import Sequencer
from wideberth.theatre.outcome import DECIDE_VERSION

Captured = pytest.CaptureFixture[str]
FEEDS = """
[[feeds]]
name = "desk"
format = "cot"
listen = "tcp://127.0.0.1:0"
party = "NOPE"

[[feeds]]
name = "ours"
format = "cot"
listen = "tcp://127.0.0.1:0"
party = "BBB"
"""


def test_a_feed_of_a_party_that_is_none_is_said_at_the_start(
    tmp_path: Path, capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the log and in a sentence, once the node answers; it starts all the same, for a member may join later."""
    founded(tmp_path / "node")
    feeds = tmp_path / "feeds.toml"
    feeds.write_text(FEEDS)
    monkeypatch.setattr(live, "rehearse", lambda _: None)
    monkeypatch.setattr(
        importlib.import_module("wideberth.cli.run"), "_say_ready", lambda *_: os.kill(os.getpid(), signal.SIGTERM)
    )
    assert run(["serve", str(tmp_path / "node"), "--port", "0", "--feeds", str(feeds)]) == 0
    heard = capfd.readouterr().err
    assert f"wideberth: {feeds}: the feed desk names NOPE, and no such party is in this theatre." in heard
    assert '"event": "feed.party-unknown"' in heard
    assert '"party": "NOPE"' in heard
    assert "BBB" not in heard


def test_who_joined_is_a_member_and_who_left_is_none(tmp_path: Path) -> None:
    """The ledger tells, whoever was invited only."""
    new = founder("NEW")
    founders = tuple(founder(party) for party in ("AAA", "BBB", "CCC"))
    genesis = Genesis("test", 1, True, charter(), founders, public_key(NODE_SEED), DECIDE_VERSION)
    found_theatre(tmp_path, genesis, NODE_SEED, wall_us=START_US)
    assert members_of(tmp_path) == {"AAA", "BBB", "CCC"}
    opened = open_folder(tmp_path)
    world = World()
    world.store = opened.ledger
    world.sequencer = Sequencer(opened.ledger, opened.seed, world.draw, opened.state)
    watch = KeyGrant(public_key(seed_of("NEW")), ("*",), START_US + DAY, "watch")
    invite = world.say("AAA", Invite("NEW", root_digest(new.root), Role.MEMBER, world.now_us + DAY))
    assert invite.refusal is None
    assert members_of(tmp_path) == {"AAA", "BBB", "CCC"}
    assert world.root_say("NEW", Accept("Newcomers", new.root, watch, ("en",))).refusal is None
    assert world.root_say("CCC", Leave()).refusal is None
    assert members_of(tmp_path) == {"AAA", "BBB", "NEW"}
    opened.ledger.close()


def test_what_cannot_be_read_is_the_nodes_to_refuse(tmp_path: Path) -> None:
    """No file, no feeds in it, no ledger: nothing is said here."""
    feeds = tmp_path / "feeds.toml"
    assert feeds_of_nobody(feeds, tmp_path) == []
    feeds.write_text("")
    assert feeds_of_nobody(feeds, tmp_path) == []
    feeds.write_text(FEEDS)
    assert feeds_of_nobody(feeds, tmp_path) == []


def compiled(module: str) -> None:
    """Compile something of that module."""

    @njit
    def slow(x: float) -> float:
        return float(np.sqrt(x))

    slow.py_func.__module__ = module
    slow(2.0)


def test_long_compiling_is_said_once_for_each_part(capsys: Captured) -> None:
    """First what deciding needs, then the watch; what is over sooner says nothing, and what the watch calls of other
    rooms is the watch."""
    with telling_of_compiling(60.0):
        compiled("wideberth.space.outline")
        compiled("wideberth.watch.motion")
    with telling_of_compiling(1.0):
        compiled("wideberth.space.outline")
        compiled("wideberth.watch.motion")
    time.sleep(1.2)
    assert capsys.readouterr().err == ""
    with telling_of_compiling(0.05):
        for module in ("space.outline", "space.index", "watch.motion", "space.outline", "watch.join"):
            compiled(f"wideberth.{module}")
            time.sleep(0.2)
    assert capsys.readouterr().err == f"wideberth: {DECIDING}\nwideberth: {COMPILING}\n"
