"""`serve`, `found`, `demo`: a node at work.

In:  a data folder and where to listen; a founding file; a seed for the exercise.
Out: a node that runs until it is told to stop (Ctrl-C or SIGTERM).
Refuses (exit status 2) settings and founding files that cannot be meant; ends with 3 where the node cannot start or
go on.
"""

import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import structlog
from cyclopts import Parameter

from wideberth.cli.charters import CharterForm, as_charter
from wideberth.cli.out import FAILED, Stop, accepted, say, say_error, sentence_of, some, waiting
from wideberth.cli.serve_feeds import feeds_of_nobody, telling_of_compiling
from wideberth.config import Config, read_config
from wideberth.keys import RootFile, new_key, read_public, read_root, spoken
from wideberth.ledger.stored import DATABASE
from wideberth.node import NodeFailed, Ready, found_theatre
from wideberth.node import run as run_node
from wideberth.party.charter import DAY_US
from wideberth.party.command import Founder, Genesis
from wideberth.party.identity import KeyGrant, Role
from wideberth.refusal import Refusal
from wideberth.theatre.outcome import DECIDE_VERSION

READY: Final = "ready "
"""The line with which `serve --quiet` says its address to the program that started it."""

BEGINNING: Final = "Checking the ledger, loading compiled code (the first start of a version compiles for minutes)"


def serve(
    folder: Annotated[Path | None, Parameter(help="Data folder with a founded theatre.")] = None,
    *,
    config: Annotated[Path | None, Parameter(help="TOML file of settings.")] = None,
    host: Annotated[str | None, Parameter(help="Address to listen on; 127.0.0.1 by default.")] = None,
    port: Annotated[int | None, Parameter(help="Port; 8080 by default, 0 takes a free one.")] = None,
    metrics_port: Annotated[int | None, Parameter(help="Port of /metrics on loopback.")] = None,
    tls_certificate: Annotated[Path | None, Parameter(help="PEM file with the certificate chain.")] = None,
    tls_key: Annotated[Path | None, Parameter(help="PEM file with its private key.")] = None,
    log_level: Annotated[str | None, Parameter(help="debug, info, warning or error.")] = None,
    clock_is_right: Annotated[bool, Parameter(negative="", help="The clock was checked after a long pause.")] = False,
    token_issuer: Annotated[str | None, Parameter(help="The iss whose bearer tokens are taken.")] = None,
    token_keys: Annotated[
        list[Path] | None, Parameter(name="--token-key", negative="", help="PEM file with its public key; repeatable.")
    ] = None,
    token_jwks: Annotated[str | None, Parameter(help="https address of its key set.")] = None,
    token_audiences: Annotated[
        list[str] | None, Parameter(name="--token-audience", negative="", help="Accepted aud; repeatable.")
    ] = None,
    public_url: Annotated[str | None, Parameter(help="This node's address as suppliers reach it.")] = None,
    http_uss: Annotated[bool, Parameter(negative="", help="Suppliers may be at http; for trying out.")] = False,
    private_uss: Annotated[
        bool, Parameter(negative="", help="They may be in private networks; for trying out.")
    ] = False,
    feeds: Annotated[Path | None, Parameter(help="TOML file with the feeds of the live watch.")] = None,
    record: Annotated[Path | None, Parameter(help="Folder for hourly files of what the feeds report.")] = None,
    watch_clock: Annotated[str | None, Parameter(help="wall, or feeds where recordings are played.")] = None,
    quiet: Annotated[bool, Parameter(negative="", help="Print the address alone.")] = False,
) -> int:
    """Serve the theatre of a data folder until told to stop (Ctrl-C).

    Settings also come from WIDEBERTH_... variables and the file; what stands here wins. Off loopback a certificate and
    its key are needed.

    Example: wideberth serve /var/lib/wideberth --port 8080
    """
    given: dict[str, Any] = {
        "folder": folder,
        "host": host,
        "port": port,
        "metrics_port": metrics_port,
        "tls_certificate": tls_certificate,
        "tls_key": tls_key,
        "log_level": log_level,
        "clock_is_right": clock_is_right or None,
        "token_issuer": token_issuer,
        "token_keys": token_keys,
        "token_jwks": token_jwks,
        "token_audiences": token_audiences,
        "public_url": public_url,
        "http_uss": http_uss or None,
        "private_uss": private_uss or None,
        "feeds": feeds,
        "record": record,
        "watch_clock": watch_clock,
    }
    file = config.read_bytes() if config is not None else None
    settings = accepted(read_config(given, os.environ, file))
    _run(settings, quiet)
    return 0


def _run(settings: Config, quiet: bool) -> None:
    """Until told to stop; on a terminal it shows what is waited for until the node is ready."""
    begun = ExitStack()
    of_nobody = feeds_of_nobody(settings.feeds, settings.folder) if settings.feeds is not None else []

    def say_ready(ready: Ready) -> None:
        begun.close()
        _say_ready(ready, settings, quiet)
        for feed, party in of_nobody:
            structlog.get_logger().warning("feed.party-unknown", feed=feed, party=party)
            say_error(f"{settings.feeds}: the feed {feed} names {party}, and no such party is in this theatre.")

    try:
        with begun:
            begun.enter_context(waiting(BEGINNING))
            if settings.feeds is not None:
                begun.enter_context(telling_of_compiling())
            run_node(settings, say_ready)
    except NodeFailed as error:
        raise Stop(str(error), FAILED) from error
    except msgspec.MsgspecError as error:
        text = f"{settings.folder}: the ledger has entries of a form that this version does not know ({error})."
        raise Stop(text, FAILED) from error


def _say_ready(ready: Ready, settings: Config, quiet: bool) -> None:
    if quiet:
        say(f"{READY}{ready.url}")
        return
    say(f"Serving {settings.folder} at {ready.url}")
    if ready.metrics_url is not None:
        say(f"Figures at {ready.metrics_url}")
    say("Not certified for operational use. Stop with Ctrl-C.")


# founding


class FounderForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A party that is there from the first entry on; files are named from the founding file's folder."""

    party: str
    name: str
    root: str
    watch: str
    permits: tuple[str, ...] = ("*",)
    days: int = 30
    languages: tuple[str, ...] = ("en",)
    role: Role = Role.MEMBER


class FoundingForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file from which a theatre is founded."""

    theatre: str
    charter: CharterForm
    founders: tuple[FounderForm, ...]
    exercise: bool = True


def found(
    file: Annotated[Path, Parameter(help="TOML file of the theatre, its charter and its founders.")],
    folder: Annotated[Path, Parameter(help="Data folder to make.")],
) -> int:
    """Found a theatre: make a data folder with its first entry and the node's key.

    Whether it is an exercise or real is fixed here for good. Give every founder the genesis and the node key on another
    way than over this node.

    Example: wideberth found alder-basin.toml /var/lib/wideberth
    """
    if (folder / DATABASE).exists():
        raise Stop(f"{folder} holds a theatre already; name a new folder.")
    try:
        form = msgspec.toml.decode(file.read_bytes(), type=FoundingForm)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Stop(f"{file}: not a founding file: {error}.") from error
    charter = accepted(as_charter(form.charter, str(file)))
    now_us = time.time_ns() // 1_000
    founders = tuple(_founder(founder, file.parent, now_us) for founder in form.founders)
    if not founders:
        raise Stop(f"{file}: a theatre has at least one founder.")
    key = new_key("node", "", "node")
    genesis = Genesis(form.theatre, 1, form.exercise, charter, founders, key.public, DECIDE_VERSION)
    try:
        named = found_theatre(folder, genesis, key.seed)
    except NodeFailed as error:
        raise Stop(str(error), FAILED) from error
    say(f"{folder}: theatre {form.theatre} with {some(len(founders), 'founder')}.")
    say(f"genesis  {spoken(named)}")
    say(f"node key {spoken(key.public)}")
    return 0


def _founder(form: FounderForm, folder: Path, now_us: int) -> Founder:
    root = accepted(read_root(folder / form.root))
    watch = read_public(folder / form.watch)
    if isinstance(watch, Refusal):
        raise Stop(sentence_of(watch))
    if isinstance(watch, RootFile) or watch.kind != "watch":
        raise Stop(f"{folder / form.watch}: a watch key is needed here.")
    for path, held in ((form.root, root.party), (form.watch, watch.party)):
        if held != form.party:
            raise Stop(f"{folder / path}: it belongs to {held}, not to {form.party}.")
    grant = KeyGrant(watch.public, form.permits, now_us + form.days * DAY_US, watch.label)
    return Founder(form.party, form.name, form.role, root.root, grant, form.languages)


# the exercise


def demo(
    *,
    once: Annotated[bool, Parameter(negative="", help="Run to the end without a page, print figures, exit.")] = False,
    port: Annotated[int, Parameter(help="Port; 0 takes a free one.")] = 8080,
    data: Annotated[Path | None, Parameter(help="New data folder to keep; a temporary one otherwise.")] = None,
    seed: Annotated[str, Parameter(help="What keys and ids are drawn from.")] = "1",
    token_key: Annotated[
        Path | None, Parameter(help="Public key of a trial issuer; drone service suppliers may then plan by F3548.")
    ] = None,
    json: Annotated[bool, Parameter(negative="", help="With --once, print JSON.")] = False,
) -> int:
    """Serve the exercise: seven parties after an earthquake in the invented Sarvel valley.

    Open the printed address in a browser to sit at the watch of the Humanitarian Air Service; the other parties answer
    by themselves. Anybody can work out the keys of an exercise. Ctrl-C ends it.

    Example: wideberth demo --once
    """
    from wideberth.demo.stage import Stage, StageFailed

    try:
        stage = Stage(0 if once else port, data, seed, token_key)
        return stage.play_once(json) if once else stage.play_on()
    except (StageFailed, NodeFailed) as error:
        raise Stop(str(error), FAILED) from error


def is_terminal() -> bool:
    """Whether somebody looks on."""
    return sys.stdout.isatty()
