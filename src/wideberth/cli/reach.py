"""The way from the command line to a node: which address, which party, by which key, and what it was told before.

In:  options of a command. Out: a `Client` whose history is kept beside the key, so that a forked ledger is found out
from one run to the next.
Raises `Stop` where a file cannot be used, or the node cannot be reached or refuses.
"""

import getpass
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, TypeVar

from cyclopts import Parameter

from wideberth.cli.out import BAD_INPUT, FAILED, Stop, accepted, sentence_of
from wideberth.client import BadAnswer, BadReceipt, Client, Fork, Problem, Refused, Unreachable
from wideberth.client.history import load, save
from wideberth.keys import Key, is_sealed, read_key
from wideberth.refusal import Refusal
from wideberth.voice.refusals import named

URL: Final = "http://127.0.0.1:8080"
MEMORY_SUFFIX: Final = ".told"

Url = Annotated[str, Parameter(help="Address of the node.")]
KeyFile = Annotated[Path, Parameter(help="File of the watch key.")]
Authority = Annotated[Path | None, Parameter(help="Certificate (PEM) that the node's own is signed with.")]

T = TypeVar("T")


def open_key(path: Path) -> Key:
    """The key in a file; asks for its passphrase where it has one."""
    passphrase = ""
    if is_sealed(path):
        if not sys.stdin.isatty():
            passphrase = sys.stdin.readline().rstrip("\n")
        else:
            passphrase = getpass.getpass(f"Passphrase of {path}: ")
    return accepted(read_key(path, passphrase))


def tls(authority: Path | None) -> bool | ssl.SSLContext:
    """What certificates are held against."""
    return True if authority is None else ssl.create_default_context(cafile=str(authority))


@contextmanager
def reaching(url: str, key: Path, authority: Path | None = None) -> Iterator[Client]:
    """A client for a watch key. What the party was told is kept in a file beside the key."""
    watch = open_key(key)
    if watch.kind != "watch":
        raise Stop(f"{key} is a {watch.kind} key; a watch key is needed.")
    memory = key.with_name(key.name + MEMORY_SUFFIX)
    with alarming():
        with Client(url, watch.party, watch.seed, verify=tls(authority), patience_s=10) as asking:
            history = load(memory, watch.party, bytes(asking.about().genesis))
        with Client(url, watch.party, watch.seed, history=history, verify=tls(authority), patience_s=30) as client:
            expected(client.checkpoint())
            try:
                yield client
            finally:
                save(memory, history)


@contextmanager
def alarming() -> Iterator[None]:
    """Turn what a client raises into one line."""
    try:
        yield
    except (Fork, BadReceipt) as alarm:
        raise Stop(f"ALARM. {alarm} Do not rely on this node; tell the other parties.", FAILED) from alarm
    except Unreachable as error:
        raise Stop(f"{error} Is the node running, and is the address right?", FAILED) from error
    except Refused as error:
        raise Stop(told(error.problem), _status(error.problem)) from error
    except BadAnswer as error:
        raise Stop(str(error), FAILED) from error


def expected(answer: T | Problem) -> T:
    """The answer, or the command stops with the node's refusal."""
    if isinstance(answer, Problem):
        raise Stop(told(answer), _status(answer))
    return answer


def told(problem: Problem) -> str:
    """What a node refused, as one sentence in the reader's language; what HTTP alone refused as the node says it."""
    reason = named(problem.reason or "")
    if reason is None:
        return problem.sentence()
    return sentence_of(Refusal(reason, problem.field or "", problem.limit or "", problem.received or ""))


def _status(problem: Problem) -> int:
    """Whether what was sent is wrong, or the node cannot."""
    return FAILED if problem.status >= 500 else BAD_INPUT
