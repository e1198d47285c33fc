"""`wideberth load`: how many flights a server of ASTM F3548-21 takes, and what its planners wait.

In:  its address, where tokens come from, how many planners, how long.
Out: figures of successes alone by number of planners, percentiles by kind of request; refusals, time-outs and failures
     apart; on demand the raw figures as JSON and a picture.
Refuses (exit status 2) options that cannot be meant; ends with 3 where the first flight does not succeed.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from cyclopts import Parameter

from wideberth.cli.out import (
    FAILED,
    Stop,
    accepted,
    figure,
    row,
    say,
    say_error,
    sentence_of,
    show,
    some,
    table,
    waiting,
)
from wideberth.cli.tokens import ISSUER
from wideberth.limits import LOAD_PLANNERS_MAX, LOAD_STEP_S_MAX
from wideberth.load import Address, Cell, Key, Load, LoadFailed, Report, Source, Spread, Step, parse_address
from wideberth.load import run as run_load
from wideberth.load.plot import missing
from wideberth.load.plot import plot as draw
from wideberth.load.sources import NoToken, from_address, from_key
from wideberth.refusal import Reason, refuse

EXERCISE: Final = "41.7,42.9,-39.5,-37.5"
"""Where flights are spread unless told otherwise: the land of `wideberth demo`."""
Subscription = Literal["implicit", "explicit", "none"]
BUSY_CORES = 0.9
FirstKey = Literal["none", "known", "announced"]


def load(
    url: Annotated[str, Parameter(help="Address of the server; /dss/v1/... is appended.")],
    *,
    token_key: Annotated[Path | None, Parameter(help="PEM file of a token issuer's private key.")] = None,
    issuer: Annotated[str, Parameter(help="Its name, the `iss` of the tokens.")] = ISSUER,
    token_url: Annotated[str, Parameter(help="Or: address that gives a token for `sub`.")] = "",
    audience: Annotated[str, Parameter(help="The `aud` of the tokens; the server's host by default.")] = "",
    spread: Annotated[bool, Parameter(negative="", help="Flights spread over --bounds (the default).")] = False,
    cell: Annotated[bool, Parameter(negative="", help="All flights at --at.")] = False,
    bounds: Annotated[str, Parameter(help="Least and greatest latitude, then longitude, degrees.")] = EXERCISE,
    at: Annotated[str, Parameter(help="Latitude and longitude of the cell, degrees.")] = "42.1,-37.9",
    cell_m: Annotated[float, Parameter(help="Side of the cell, metres; 0 lays every flight over every other.")] = 1_000,
    planners: Annotated[str, Parameter(help="So many at once, step by step.")] = "1,2,4,8,16,32,64",
    past_peak: Annotated[int, Parameter(help="Then so many times the planners of the peak; 0 leaves it.")] = 0,
    seconds: Annotated[float, Parameter(help="Of each step.")] = 10,
    warm_up: Annotated[float, Parameter(help="Seconds before each step that do not count.")] = 2,
    rate: Annotated[float, Parameter(help="Flights a second of all planners; 0 as fast as they can.")] = 0,
    suppliers: Annotated[int, Parameter(help="So many managers: uss1, uss2, …")] = 2,
    volumes: Annotated[int, Parameter(help="Volumes of a flight.")] = 4,
    key: Annotated[FirstKey | None, Parameter(help="First key: nothing, known OVNs, or those under way too.")] = None,
    subscription: Annotated[Subscription, Parameter(help="Of each flight, or one of each supplier.")] = "implicit",
    puts: Annotated[bool, Parameter(negative="", help="Only accept; delete when all is over.")] = False,
    uss_url: Annotated[str, Parameter(help="The suppliers' own address.")] = "https://{subject}.example.com",
    timeout: Annotated[float, Parameter(help="Seconds until a request counts as unanswered.")] = 10,
    seed: Annotated[int, Parameter(help="What flights and ids are drawn from.")] = 1,
    json: Annotated[Path | None, Parameter(help="File for the raw figures.")] = None,
    plot: Annotated[Path | None, Parameter(help="PNG file for the picture.")] = None,
) -> int:
    """Measure a server of ASTM F3548-21 by flights: accept, activate, delete.

    Conflicts are answered as suppliers do, with the missing OVNs in the key. Only successes count; 429 and 503 are
    waited out. The server gets intents that are deleted again: do not point it at one in use.

    Without --bounds and --at the flights are in the land of `wideberth demo --token-key issuer.pem.pub`.

    Example: wideberth load http://127.0.0.1:8080 --token-key issuer.pem --cell --planners 1,4,16 --plot load.png
    """
    if spread and cell:
        raise Stop("Give --spread or --cell, not both.")
    where = _cell(at, cell_m) if cell else Spread(*_numbers("--bounds", bounds, 4))
    wanted = Load(
        planners=_counts("--planners", planners),
        seconds=seconds,
        warm_up_s=warm_up,
        where=where,
        volumes=volumes,
        suppliers=suppliers,
        key=Key(key) if key else Key.KNOWN if cell and not puts else Key.NONE,
        puts=puts,
        subscription=subscription,
        rate=rate,
        past_peak=past_peak,
        timeout_s=timeout,
        seed=seed,
    )
    _check(wanted, plot)
    address = accepted(parse_address(url))
    report = _run(address, _source(token_key, issuer, token_url, audience or address.host), wanted, uss_url)
    _print(report)
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    if plot is not None:
        draw(report, plot)
    if report.left_behind:
        say_error(f"{some(report.left_behind, 'intent')} could not be deleted.")
    return 0


def _numbers(name: str, text: str, count: int) -> list[float]:
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if len(found) != count:
        raise Stop(sentence_of(refuse(Reason.MALFORMED, name, f"{count} numbers with commas", text)))
    return found


def _counts(name: str, text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise Stop(sentence_of(refuse(Reason.MALFORMED, name, "whole numbers with commas", text)))
    return tuple(int(part) for part in parts)


def _cell(at: str, cell_m: float) -> Cell:
    lat, lon = _numbers("--at", at, 2)
    return Cell(lat, lon, cell_m)


def _check(wanted: Load, file: Path | None) -> None:
    """Everything that can be known before the first request."""
    rows = (
        ("--planners", min(wanted.planners), max(wanted.planners), 1, LOAD_PLANNERS_MAX),
        ("--past-peak", wanted.past_peak, wanted.past_peak, 0, LOAD_PLANNERS_MAX // max(*wanted.planners, 1)),
        ("--seconds", wanted.seconds, wanted.seconds, 0.1, LOAD_STEP_S_MAX),
        ("--warm-up", wanted.warm_up_s, wanted.warm_up_s, 0, LOAD_STEP_S_MAX),
        ("--timeout", wanted.timeout_s, wanted.timeout_s, 0.1, 600),
        ("--suppliers", wanted.suppliers, wanted.suppliers, 1, 1_000),
        ("--volumes", wanted.volumes, wanted.volumes, 1, 64),
        ("--rate", wanted.rate, wanted.rate, 0, 1e6),
    )
    for name, least, greatest, low, high in rows:
        if not (low <= least and greatest <= high):
            received = least if least < low else greatest
            raise Stop(sentence_of(refuse(Reason.OUT_OF_RANGE, name, f"{low:.12g} to {high:.12g}", f"{received:.12g}")))
    _check_where(wanted)
    if file is not None and missing():
        raise Stop(missing())


def _check_where(wanted: Load) -> None:
    where = wanted.where
    if isinstance(where, Cell):
        sound = -85 <= where.lat <= 85 and -180 <= where.lon <= 180 and 0 <= where.side_m <= 20_000
        if not sound:
            limit = "latitude -85 to 85, longitude -180 to 180, side 0 to 20000 metres"
            raise Stop(sentence_of(refuse(Reason.OUT_OF_RANGE, "--at", limit, where[:])))
    else:
        sound = -85 <= where.lat_min < where.lat_max <= 85 and -180 <= where.lon_min < where.lon_max <= 180
        if not sound:
            limit = "ascending within -85 to 85 and -180 to 180"
            raise Stop(sentence_of(refuse(Reason.OUT_OF_RANGE, "--bounds", limit, where[:])))
        if wanted.subscription == "explicit":
            raise Stop("An explicit subscription covers one place: use it with --cell.")
        if wanted.key is not Key.NONE:
            raise Stop("Spread flights do not know one another: --key goes with --cell.")
    if wanted.puts and wanted.key is not Key.NONE:
        raise Stop("With --puts the intents stay and no key could hold them all: leave --key.")
    if wanted.subscription == "none" and not wanted.puts:
        raise Stop("To activate a flight the standard wants a subscription: none goes with --puts.")


def _source(key: Path | None, issuer: str, url: str, audience: str) -> Source:
    if (key is None) == (not url):
        raise Stop("Say where tokens come from: --token-key FILE, or --token-url ADDRESS.")
    if key is None:
        return from_address(url, audience)
    return accepted(from_key(key, issuer, audience))


def _run(address: Address, source: Source, wanted: Load, uss_url: str) -> Report:
    with waiting("first flight") as status:

        def tell(what: str) -> None:
            if status is not None:
                status.update(what)

        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                return runner.run(run_load(address, source, wanted, uss_url, tell))
        except (LoadFailed, NoToken) as error:
            raise Stop(str(error), FAILED) from error


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


# for people


def _print(report: Report) -> None:
    what = "intents/s" if report.load.puts else "flights/s"
    made = table("#planners", f"#{what}", "#requests/s", "#p50 ms", "#p95", "#p99", "#409", "#refused", "#unanswered",
                 "#failed", "#own cores", "")  # fmt: skip
    for i, step in enumerate(report.steps):
        row(made, *_cells(step), "peak" if i == report.peak else "")
    if report.past_peak is not None:
        row(made, *_cells(report.past_peak), f"{report.load.past_peak} x peak")
    show(made)
    say()
    peak = report.steps[report.peak]
    kinds = table("at the peak", "#succeeded", "#p50 ms", "#p95", "#p99", "#longest")
    for kind, times in peak.kinds.items():
        row(kinds, kind, figure(times.count), *_ms(times.p50_ms, times.p95_ms, times.p99_ms, times.max_ms))
    show(kinds)
    say()
    every = (*report.steps, *((report.past_peak,) if report.past_peak is not None else ()))
    for what, message in {what: message for step in every for what, message in step.said.items()}.items():
        say(f"{what}: {message}")
    if max(step.client_cores for step in every) > BUSY_CORES:
        say("The generator itself was at work all the time in some steps: there the server may give more.")
    load = report.load
    say(f"{load.seconds:g} s a step after {load.warm_up_s:g} s of warm-up, {some(load.volumes, 'volume')} a flight.")
    say(f"{report.began}, {report.machine}, wideberth {report.versions['wideberth']}.")


def _cells(step: Step) -> list[str]:
    flight = step.kinds.get("flight")
    times = _ms(flight.p50_ms, flight.p95_ms, flight.p99_ms) if flight is not None else ["-"] * 3
    refused = sum(step.refused.values())
    bare = sum(step.refused_bare.values())
    return [
        str(step.planners),
        f"{step.flights_per_s:,.1f}",
        f"{step.requests_per_s:,.1f}",
        *times,
        figure(step.conflicts),
        figure(refused) + (f" +{bare} bare" if bare else ""),
        figure(step.timeouts + step.broken),
        figure(sum(step.failed.values())),
        f"{step.client_cores:.2f}",
    ]


def _ms(*values: float) -> list[str]:
    return [f"{value:,.1f}" for value in values]
