"""taky, a TAK server that others wrote, as a process of a test on a free port of loopback; and PyTAK, a client.

`taky(folder)` serves XML over TCP, with `certificate` over TLS to clients that show a certificate of its authority.
`make test` sets taky up in `.venv-taky`; TAKY names another. `Pytak` is the client: what it heard stands in `heard`.
"""

import asyncio
import os
import re
import socket
import subprocess
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from configparser import ConfigParser
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest
from takproto.proto import TakMessage

with warnings.catch_warnings():
    # it misses a package that only its enrolment over HTTP needs
    warnings.simplefilter("ignore")
    import pytak

COMMAND = Path(os.environ.get("TAKY") or Path(__file__).parents[1] / ".venv-taky/bin/taky")
SETTINGS = """[taky]
bind_ip = 127.0.0.1
root_dir = {at}
redis = false
[cot_server]
port = {port}
"""
TLS = """[ssl]
enabled = true
client_cert_required = true
ca = {authority}
cert = {certificate}
key = {key}
cert_db = {at}/issued.txt
"""


@contextmanager
def taky(folder: Path, port: int = 0, *, authority: str = "", certificate: str = "", key: str = "") -> Iterator[int]:
    """Its port; the process ends with the context."""
    if not COMMAND.exists():
        pytest.skip("taky is not there: `make test` sets it up in .venv-taky, TAKY names another")
    port = port or _free()
    text = SETTINGS.format(at=folder, port=port)
    if certificate:
        text += TLS.format(at=folder, authority=authority, certificate=certificate, key=key)
    settings = folder / "taky.conf"
    settings.write_text(text)
    quiet = {**os.environ, "PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen([COMMAND, "-l", "warning", "-c", str(settings)], cwd=folder, env=quiet)
    try:
        end = time.monotonic() + 60
        while not _is_served(port):
            assert process.poll() is None, "taky ended"
            assert time.monotonic() < end, "taky did not listen"
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _is_served(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


class Heard:
    """An event that a client was sent, from XML or from protobuf."""

    def __init__(self, data: bytes | TakMessage) -> None:
        if isinstance(data, TakMessage):
            event = data.cotEvent
            self.uid, self.type, detail = event.uid, event.type, event.detail
            self.callsign, text = detail.contact.callsign, detail.xmlDetail
        else:
            held = ElementTree.fromstring(data)
            self.uid, self.type = held.get("uid", ""), held.get("type", "")
            contact = held.find("detail/contact")
            self.callsign, text = (contact.get("callsign", "") if contact is not None else ""), data.decode()
        found = re.search("<remarks>(.*?)</remarks>", text)
        self.remarks = found[1] if found else ""


class Pytak:
    """PyTAK with its two workers."""

    def __init__(self, tool: pytak.CLITool) -> None:
        self._tool = tool
        self.heard: list[Heard] = []

    async def send(self, uid: str, lat: float, lon: float, kind: str = "a-n-A-C-F") -> None:
        """Say where something is, in PyTAK's own form."""
        made = pytak.gen_cot_xml(lat=lat, lon=lon, hae=1_000, ce=10, uid=uid, cot_type=kind)
        await self._tool.tx_queue.put(ElementTree.tostring(made))

    def uids(self) -> set[str]:
        """Of all that was heard."""
        return {heard.uid for heard in self.heard}

    async def listen(self) -> None:
        """Take what comes until cancelled."""
        while True:
            got = await self._tool.rx_queue.get()
            if isinstance(got, TakMessage):
                self.heard.append(Heard(got))
            else:
                self.heard += [Heard(one) for one in re.findall(rb"<event .*?</event>", bytes(got), re.DOTALL)]


@asynccontextmanager
async def pytak_at(port: int, scheme: str = "tcp", **settings: str) -> AsyncIterator[Pytak]:
    """PyTAK, connected until the context ends."""
    config = ConfigParser()
    config["it"] = {"COT_URL": f"{scheme}://127.0.0.1:{port}", **settings}
    tool = pytak.CLITool(config["it"])
    await tool.setup()
    client = Pytak(tool)
    tasks = [asyncio.create_task(tool.run()), asyncio.create_task(client.listen())]
    try:
        yield client
    finally:
        workers = [future._pytak_worker for future in tool.running_tasks]
        tasks += tool.running_tasks
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for worker in workers:
            for end in (getattr(worker, "writer", None), getattr(getattr(worker, "reader", None), "_transport", None)):
                if end is not None:
                    end.close()
        await asyncio.sleep(0.05)
