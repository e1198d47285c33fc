"""kill -9 while messages and alerts go out to a webhook that fails now and then: each arrives, again only under its id.

4 rounds, 20 with WIDEBERTH_LONG=1.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from served import founded, seed_of
from worlds import NODE_SEED

from wideberth.client import Answer, Client
from wideberth.client.paths import set_paths
from wideberth.client.webhook import Receiver, Taken
from wideberth.node.opening import open_folder
from wideberth.party.alerts import AlertKind, Side, Stage, Warned, Warning_
from wideberth.party.command import Text
from wideberth.party.hotline import Delivered, MessageKind, Precedence, Send
from wideberth.party.hotline import Path as Way
from wideberth.party.identity import public_key
from wideberth.party.paths import Route, Webhook
from wideberth.sequencer import Sequencer, envelope_of

ROUNDS = 20 if os.environ.get("WIDEBERTH_LONG") else 4
SETTINGS = {"WIDEBERTH_HTTP_USS": "true", "WIDEBERTH_PRIVATE_USS": "true"}


def serve(folder: Path) -> tuple["subprocess.Popen[str]", str]:
    """A node in a process of its own, and its address."""
    command = [sys.executable, "-m", "wideberth.cli", "serve", str(folder), "--port", "0", "--quiet"]
    node = subprocess.Popen(
        [*command, "--log-level", "error"], stdout=subprocess.PIPE, text=True, env={**os.environ, **SETTINGS}
    )
    assert node.stdout is not None
    with node.stdout:
        line = node.stdout.readline()
    assert "http://" in line, line
    return node, line[line.index("http://") :].strip()


class Hook:
    """A webhook that takes, fails, or takes and hangs up, by dice; `arrived` counts ids."""

    def __init__(self, dice: random.Random) -> None:
        self.arrived: Counter[str] = Counter()
        self.urgency: dict[str, str] = {}
        self.lost: set[str] = set()
        self.bad: list[str] = []
        self.mended = False
        lock = threading.Lock()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = hook.receiver.challenge(self.path) or b""
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                with lock:
                    roll = 1.0 if hook.mended else dice.random()
                    taken = hook.receiver.take("POST", dict(self.headers), body)
                    if not isinstance(taken, Taken):
                        hook.bad.append(taken.sentence())
                    made = str(json.loads(body)["id"])
                    if roll >= 0.3:
                        hook.arrived[made] += 1
                        hook.urgency[made] = json.loads(body)["urgency"]
                    if 0.3 <= roll < 0.4:
                        hook.lost.add(made)
                if roll < 0.4:
                    self.close_connection = True
                    return
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return None

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self.receiver = Receiver(self.url, public_key(NODE_SEED))
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def send(client: Client, count: int) -> None:
    """So many messages to BBB."""
    for number in range(count):
        precedence = (Precedence.IMMEDIATE, Precedence.ROUTINE)[number % 2]
        command = Send(client.new_id(), 0, MessageKind.NOTICE, precedence, ("BBB",), "", 0)
        assert isinstance(client.say(command, [Text("en", "come up on the line")]), Answer)


def test_killed_again_and_again_it_delivers_all(tmp_path: Path) -> None:
    """Every message arrives; one that arrives twice had its answer lost or its node killed, and has the same id; the
    ledger tells of each urgent one."""
    folder, dice = tmp_path / "t", random.Random(7)
    founded(folder)
    hook = Hook(dice)
    try:
        for number in range(ROUNDS):
            node, url = serve(folder)
            with Client(url, "BBB", seed_of("BBB")) as receiver:
                if number == 0:
                    assert isinstance(set_paths(receiver, "", [Route(Way.FIRST, Webhook(hook.url), "en")]), Answer)
            with Client(url, "AAA", seed_of("AAA")) as sender:
                send(sender, 6)
            time.sleep(dice.random())
            node.send_signal(signal.SIGKILL)
            node.wait()
        hook.mended = True
        node, url = serve(folder)
        deadline = time.monotonic() + 60
        while len(hook.arrived) < 6 * ROUNDS and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(2)
        node.terminate()
        node.wait(60)
    finally:
        hook.close()
    assert hook.bad == []
    assert len(hook.arrived) == 6 * ROUNDS
    again = {made for made, times in hook.arrived.items() if times > 1}
    assert len(again - hook.lost) <= ROUNDS * 2, "only what was under way when the node was killed"
    opened = open_folder(folder)
    with_ledger = [envelope_of(entry).command for entry in opened.ledger.read(0, opened.state.size)]
    opened.ledger.close()
    rows = [row for command in with_ledger if isinstance(command, Delivered) for row in command.rows]
    told = {row.message for row in rows if row.outcome == "handed"}
    assert len(told) == 3 * ROUNDS, "every urgent one, and no routine one"


def warn(folder: Path, number: int) -> None:
    """In the ledger of a node that is down: three new alerts to BBB in even rounds, which have happened in odd ones."""
    opened = open_folder(folder)
    sequencer = Sequencer(opened.ledger, opened.seed, os.urandom, opened.state)
    stage, at_us = (Stage.WARNED, Stage.HAPPENED)[number % 2], time.time_ns() // 1_000
    for i in range(3):
        alert = bytes([number // 2, i]) * 8
        sides = (Side("BBB", b"", "track"),)
        row = Warning_(alert, AlertKind.PAIR, stage, sides, at_us, at_us + 10**7, 1, 1)
        sequencer.say(Warned((row,)), at_us)
    opened.ledger.close()


def test_killed_again_and_again_each_alert_is_one_message_a_stage(tmp_path: Path) -> None:
    """What has happened arrives; no stage of an alert arrives under two ids, and twice only where an answer was lost or
    the node was killed over it."""
    folder, dice = tmp_path / "t", random.Random(11)
    founded(folder)
    hook = Hook(dice)
    try:
        node, url = serve(folder)
        with Client(url, "BBB", seed_of("BBB")) as receiver:
            assert isinstance(set_paths(receiver, "", [Route(Way.FIRST, Webhook(hook.url), "en")]), Answer)
        for number in range(ROUNDS):
            node.send_signal(signal.SIGKILL)
            node.wait()
            warn(folder, number)
            node, url = serve(folder)
            time.sleep(dice.random())
        hook.mended = True
        deadline = time.monotonic() + 60
        happened = ROUNDS // 2 * 3
        while list(hook.urgency.values()).count("flash") < happened and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(2)
        node.terminate()
        node.wait(60)
    finally:
        hook.close()
    assert hook.bad == []
    stages = Counter(hook.urgency.values())
    assert stages["flash"] == happened, "one id each"
    assert 0 < stages["immediate"] <= happened
    again = {made for made, times in hook.arrived.items() if times > 1}
    assert len(again - hook.lost) <= ROUNDS, "only what was under way when the node was killed"
