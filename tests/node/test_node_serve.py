"""One process: it says when it is ready, stops when told, speaks TLS off loopback, and ends with 1 when it cannot go
on."""

import json
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from api_kit import found_in

from wideberth.config import Config
from wideberth.node import NodeFailed
from wideberth.node.serve import listen

SERVE = """
import json, sys
from pathlib import Path
from wideberth.config import Config
from wideberth.node import NodeFailed, run

given = json.loads(sys.argv[1])
for name in ("folder", "tls_certificate", "tls_key"):
    if given.get(name):
        given[name] = Path(given[name])
{before}
try:
    run(Config(**given), lambda ready: print(json.dumps([ready.url, ready.metrics_url]), flush=True))
except NodeFailed as failed:
    sys.exit(f"wideberth: {{failed}}")
"""
BROKEN = """
import wideberth.ledger.sqlite as sqlite
from wideberth.ledger.store import LedgerFailed

append, groups = sqlite.SqliteLedger.append, []

def failing(self, group, size):
    groups.append(size)
    if len(groups) > 1:
        raise LedgerFailed("The ledger cannot be written: disk I/O error.")
    return append(self, group, size)

sqlite.SqliteLedger.append = failing
"""


@contextmanager
def process(before: str = "", **config: object) -> Iterator[tuple["subprocess.Popen[str]", list[str]]]:
    """A node in a process of its own, and what it said when it was ready."""
    given = {"port": 0, "clock_is_right": True, **config}
    command = [sys.executable, "-c", SERVE.format(before=before), json.dumps(given)]
    node = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert node.stdout is not None
    try:
        line = node.stdout.readline()
        yield node, json.loads(line) if line else []
    finally:
        node.kill()
        node.communicate()


def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """Ready when it says so; API and metrics apart; SIGTERM ends it with 0, and the log is JSON without noise."""
    found_in(tmp_path)
    with process(folder=str(tmp_path), metrics_port=0, log_level="info") as (node, (url, metrics)):
        assert httpx.get(f"{url}/readyz").json() == {"ready": True}
        assert httpx.get(f"{url}/metrics").status_code == 404
        assert "wideberth_ready 1.0" in httpx.get(metrics).text
        with httpx.stream("GET", f"{url}/v1/stream") as refused:
            assert refused.status_code == 401
        node.send_signal(signal.SIGTERM)
        _, log = node.communicate(timeout=30)
    assert node.returncode == 0
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert events == ["node.open"]


def test_it_ends_with_one_and_a_sentence_when_the_ledger_fails(tmp_path: Path) -> None:
    """No traceback at the end, one sentence that says what happened."""
    found_in(tmp_path)
    with process(BROKEN, folder=str(tmp_path), log_level="error") as (node, _):
        _, log = node.communicate(timeout=60)
    assert node.returncode == 1
    assert log.splitlines()[-1] == "wideberth: The ledger cannot be written: disk I/O error."
    assert "Traceback" not in log


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate of this test")
def test_with_a_certificate_it_speaks_tls_alone(tmp_path: Path) -> None:
    """HTTPS is answered and told to stay; plain HTTP is not."""
    found_in(tmp_path / "data")
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2", *names]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    tls = {"tls_certificate": str(certificate), "tls_key": str(key)}
    with process(folder=str(tmp_path / "data"), log_level="error", **tls) as (_, (url, _metrics)):
        assert url.startswith("https://")
        context = ssl.create_default_context(cafile=certificate)
        answer = httpx.get(f"{url}/v1/about", verify=context)
        assert answer.json()["theatre"] == "test"
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        with pytest.raises(httpx.TransportError):
            httpx.get(url.replace("https", "http") + "/v1/about")


def test_off_loopback_without_tls_it_does_not_listen(tmp_path: Path) -> None:
    """Also when the settings were made past their check."""
    with pytest.raises(NodeFailed, match="TLS only"):
        listen(Config(folder=tmp_path, host="0.0.0.0", port=0))


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    """One sentence with address and port."""
    with listen(Config(folder=tmp_path, port=0)) as first, pytest.raises(NodeFailed, match="cannot listen on 127"):
        listen(Config(folder=tmp_path, port=first.getsockname()[1]))
