"""`wideberth paths`: where a party is reached beside the stream.

In:  a watch key; routes as PATH:ADDRESS (first:https://desk.example/hook, second:duty@desk.example), push subscriptions
     as the files that a browser gives. Out: what became of it.
Refuses: routes that are not of that form; the node refuses the rest.
"""

import base64
import binascii
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from wideberth.cli.out import FOUND, LANGUAGE, Stop, row, say, say_json, show, some, table
from wideberth.cli.reach import URL, Authority, KeyFile, Url, expected, reaching
from wideberth.client.paths import paths, set_paths, try_paths
from wideberth.party.hotline import Path as Way
from wideberth.party.paths import Mail, Push, Route, Webhook

Cell = Annotated[str, Parameter(help="The cell; without it the party, and its cells that have no routes of their own.")]
FORM = "a route is first:https://host/path, second:name@host, or with --push second:FILE"


class _Keys(msgspec.Struct):
    p256dh: str
    auth: str


class _Subscription(msgspec.Struct):
    """As `PushSubscription.toJSON()` of a browser gives it."""

    endpoint: str
    keys: _Keys


def set_(
    *,
    key: KeyFile,
    route: Annotated[tuple[str, ...], Parameter(help="first:ADDRESS or second:ADDRESS; repeatable.")] = (),
    push: Annotated[tuple[str, ...], Parameter(help="first:FILE or second:FILE with a subscription.")] = (),
    cell: Cell = "",
    whole: Annotated[
        bool, Parameter(negative="", help="Send the message itself, where the node's operator lets it.")
    ] = False,
    none: Annotated[bool, Parameter(negative="", help="Take the cell's routes back.")] = False,
    url: Url = URL,
    authority: Authority = None,
) -> int:
    """Say where a cell is reached: all its routes at once. They are an attached part that you alone read and may erase.
    What is sent is worded in the language of --language or of LANG.

    Example: wideberth paths set --key has-desk1.key --route first:https://desk.example/in --route second:desk@x.example
    """
    routes = [_route(text, whole) for text in route] + [_push(text, whole) for text in push]
    if bool(routes) == none:
        raise Stop(f"Give routes, or --none to take them back; {FORM}.")
    with reaching(url, key, authority) as client:
        answer = expected(set_paths(client, cell, routes))
    say(f"{some(len(routes), 'route')} of {cell or client.party}: entry {answer.position}.")
    return 0


def list_(
    *,
    key: KeyFile,
    url: Url = URL,
    authority: Authority = None,
    json: Annotated[bool, Parameter(negative="", help="Print JSON.")] = False,
) -> int:
    """Show your routes, and how each does since the node started.

    Ends with 1 where something waits on a route that failed.

    Example: wideberth paths list --key has-desk1.key
    """
    with reaching(url, key, authority) as client:
        found = expected(paths(client))
    if json:
        say_json({"cells": found.cells, "standing": found.standing, "push_key": found.push_key})
    else:
        made = table("cell", "path", "kind", "to", "handed", "failed", "#waiting")
        for one in found.standing:
            failed = f"{one.failed:%m-%d %H:%M}Z {one.why}" if one.failed else ""
            handed = f"{one.handed:%m-%d %H:%M}Z" if one.handed else ""
            row(made, one.cell or "(party)", one.path, one.kind, one.to, handed, failed, one.waiting)
        show(made) if found.standing else say("No routes: you are reached by the stream alone.")
    return FOUND if any(one.waiting and one.failed for one in found.standing) else 0


def try_(*, key: KeyFile, cell: Cell = "", url: Url = URL, authority: Authority = None) -> int:
    """Have the node try each route of a cell once, now. It is no entry, and nobody else hears of it.

    Ends with 1 where a route did not take it.

    Example: wideberth paths test --key has-desk1.key
    """
    with reaching(url, key, authority) as client:
        found = expected(try_paths(client, cell))
    for one in found.tested:
        say(f"{one.route.path} {one.route.kind} {one.route.to}: {'handed over' if one.handed else one.why}")
    return 0 if all(one.handed for one in found.tested) else FOUND


def _split(text: str) -> tuple[Way, str]:
    name, _, rest = text.partition(":")
    if name not in tuple(Way) or not rest:
        raise Stop(f"{text}: {FORM}.")
    return Way(name), rest


def _route(text: str, whole: bool) -> Route:
    way, to = _split(text)
    hook = to.startswith(("https://", "http://"))
    if not hook and "@" not in to:
        raise Stop(f"{text}: {FORM}.")
    return Route(way, Webhook(to) if hook else Mail(to), LANGUAGE.get(), whole)


def _push(text: str, whole: bool) -> Route:
    way, name = _split(text)
    try:
        given = msgspec.json.decode(Path(name).read_bytes(), type=_Subscription)
        keys = [
            base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in (given.keys.p256dh, given.keys.auth)
        ]
    except (msgspec.DecodeError, binascii.Error, ValueError) as error:
        raise Stop(f"{name}: it is no subscription as a browser gives it: {error}.") from error
    return Route(way, Push(given.endpoint, keys[0], keys[1]), LANGUAGE.get(), whole)
