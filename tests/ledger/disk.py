"""The watched disk, from the test's side: building the shim, and playing a power cut from its log."""

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SECTOR = 512


def build_shim(folder):
    """The compiled shim; skips, saying why, where it cannot be had."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not sys.platform.startswith("linux"):
        pytest.skip("the disk shim is for Linux (LD_PRELOAD)")
    if compiler is None:
        pytest.skip("no C compiler, so no disk shim: power cuts and failing writes are not tested here")
    library = folder / "disk_shim.so"
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(library), str(HERE / "disk_shim.c"), "-ldl"]
    subprocess.run(command, check=True)
    return library


def environment(library=None, root=None, log=None):
    """The child's environment."""
    made = {"PYTHONPATH": os.pathsep.join([str(HERE), *sys.path]), "PATH": os.environ.get("PATH", "")}
    if library:
        made |= {"LD_PRELOAD": str(library), "DISK_ROOT": str(root)}
    if log:
        made["DISK_LOG"] = str(log)
    return made


def command(*arguments):
    """How to run the child."""
    return [sys.executable, str(HERE / "disk_child.py"), *[str(argument) for argument in arguments]]


def read_log(path):
    """The records of the shim's log: op, name, offset, data."""
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        op, length = struct.unpack_from("<cH", data, at)
        name = data[at + 3 : at + 3 + length].decode()
        at += 3 + length
        offset, length = struct.unpack_from("<QI", data, at)
        found.append((op.decode(), name, offset, data[at + 12 : at + 12 + length]))
        at += 12 + length
    return found


class _File:
    def __init__(self):
        self.durable, self.pending = bytearray(), []


def _apply(content, op, offset, data):
    if op == "t":
        del content[offset:]
    content.extend(bytes(max(0, offset + len(data) - len(content))))
    content[offset : offset + len(data)] = data


class Disk:
    """A disk that forgets what was not synced. `durable` names only what a sync of the folder has fixed."""

    def __init__(self):
        self.live, self.durable, self.acknowledged = {}, {}, 0

    def play(self, op, name, offset, data):
        """One record of the log."""
        if name == "ACK":
            self.acknowledged = int.from_bytes(data, "big") if op == "w" else self.acknowledged
        elif op == "d":
            folder = f"{name}/" if name else ""
            self.durable = {key: file for key, file in self.durable.items() if not key.startswith(folder)}
            self.durable |= {key: file for key, file in self.live.items() if key.startswith(folder)}
        elif op == "r":
            self.live[data.decode()] = self.live.pop(name)
        elif op == "u":
            self.live.pop(name, None)
        elif op == "s" and name in self.live:
            file = self.live[name]
            for change in file.pending:
                _apply(file.durable, *change)
            file.pending.clear()
        elif op in "cwt":
            file = self.live.setdefault(name, _File())
            if op != "c":
                file.pending.append((op, offset, data))

    def image(self, folder, chance=None):
        """What is found after the cut: only what was synced, or with some sectors of the rest, as `chance` has it."""
        for name, file in self.durable.items():
            content = bytearray(file.durable)
            for op, offset, data in file.pending if chance else ():
                for at in range(0, len(data), SECTOR) if op == "w" else (0,):
                    if chance.random() < 0.5:
                        _apply(content, op, offset + at, data[at : at + SECTOR])
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
