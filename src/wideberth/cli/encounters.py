"""`wideberth encounters`: all close approaches in recorded tracks; `wideberth encounter`: one of them, rebuilt.

In:  files of recorded tracks (Parquet, CSV, SBS logs, npz) or a recorder's folder; minima;
     for one encounter, a ledger, or evidence of it.
Out: a table, or JSON; for one encounter a folder with its rows, series, pictures, report and evidence hash.
Exit status 1 where encounters were found, 0 where none. Refuses (exit status 2) files and options that cannot be meant.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfoNotFoundError

import msgspec
from cyclopts import Parameter

from wideberth.cli.out import FOUND, Stop, accepted, figure, progress, row, say, say_json, show, some, table, waiting
from wideberth.cli.reach import URL, Authority, Url, expected, reaching
from wideberth.encounter.files import Given, read, zone_of
from wideberth.encounter.join import ALONG_FT, ALONG_M, Encounter, Minima
from wideberth.encounter.judge import RULE
from wideberth.encounter.rebuild import Rebuilt, Said, animation, rebuild
from wideberth.encounter.recorder import recorded_in
from wideberth.encounter.rows import Rows
from wideberth.encounter.search import Found, Search
from wideberth.limits import ENCOUNTER_HORIZONTAL_MM_MAX, ENCOUNTER_VERTICAL_FT_MAX
from wideberth.party.alerts import FileEncounter
from wideberth.party.command import Text
from wideberth.refusal import Reason, refuse
from wideberth.space.units import nm_to_mm, us_to_time

SHOWN: Final = 50
"""Rows of a table unless told otherwise; --json has all."""
ORDER: Final = (
    "Gravest first: by class (A, B, D, C, E), then by metres apart and ten times the feet in height; at the moment at "
    "which both together, each as a part of its minimum, were least."
)
ALONG: Final = (
    f"Flew along within {ALONG_M:,.0f} m and {ALONG_FT:.0f} ft, each seen by another source and both by none: perhaps "
    "one aircraft under two names, and not counted above."
)
Paths = Annotated[
    list[Path], Parameter(name="files", help="Recorded tracks: Parquet, CSV, SBS logs, npz, or a recorder's folder.")
]
HorizontalNm = Annotated[float, Parameter(help="Nearer than this horizontally (NM),")]
VerticalFt = Annotated[int, Parameter(help="and nearer than this in height (ft), strictly, at one moment.")]
Zone = Annotated[str, Parameter(help="Whose times without a zone are: UTC or a name such as Europe/Paris.")]
Geometric = Annotated[bool, Parameter(negative="", help="Compare heights above the ellipsoid, not pressure altitudes.")]
AltitudeUnit = Annotated[Literal["ft", "m"] | None, Parameter(help="Unit of a column named just altitude.")]


def encounters(
    paths: Paths,
    /,
    *,
    horizontal_nm: HorizontalNm = 5.0,
    vertical_ft: VerticalFt = 1_000,
    zone: Zone = "",
    altitude_unit: AltitudeUnit = None,
    geometric: Geometric = False,
    show_all: Annotated[bool, Parameter(name="--all", negative="", help="All rows of the table.")] = False,
    json: Annotated[bool, Parameter(negative="", help="For programs: everything, on standard output.")] = False,
) -> int:
    """Find all close approaches in recorded tracks, exactly, between samples too.

    Between two samples at most 60 s apart a track is taken as straight and even; separations are those of the WGS 84
    ellipsoid. Traffic on the ground, repeats and samples that nothing flies are left out and counted. Each minimum
    comes with its interval and how it was found, each encounter with a class, A to E, by figures alone: no finding.
    """
    minima, files = minima_of(horizontal_nm, vertical_ft), files_of(paths)
    given = given_of(zone, altitude_unit, geometric)
    found = find(files, given, minima)
    if json:
        say_json(as_json(found, given, minima, files))
    else:
        _print(found, given, minima, SHOWN if not show_all else len(found.encounters))
    return FOUND if found.encounters else 0


def encounter(
    name: Annotated[str, Parameter(name="id", help="As `wideberth encounters` tells it; its beginning is enough.")],
    paths: Paths,
    /,
    *,
    out: Annotated[Path, Parameter(help="A new folder; the id by default.")] = Path(),
    evidence: Annotated[Path | None, Parameter(help="What `wideberth evidence` made of that time.")] = None,
    ledger: Annotated[Path | None, Parameter(help="Or a ledger: a data folder, a backup, or an export file.")] = None,
    party: Annotated[str, Parameter(help="Of that ledger only what this party was given.")] = "",
    node: Annotated[
        bool, Parameter(negative="", help="Or what the party of --key was given, from the node at --url.")
    ] = False,
    horizontal_nm: HorizontalNm = 5.0,
    vertical_ft: VerticalFt = 1_000,
    zone: Zone = "",
    altitude_unit: AltitudeUnit = None,
    geometric: Geometric = False,
    file_to: Annotated[
        tuple[str, ...], Parameter(help="File its class and hash in the ledger, and tell these parties of it.")
    ] = (),
    key: Annotated[Path | None, Parameter(help="File of the watch key, for --file-to and --node.")] = None,
    url: Url = URL,
    authority: Authority = None,
    words: Annotated[str, Parameter(help="Your own version, filed with it.")] = "",
    json: Annotated[bool, Parameter(negative="", help="For programs, on standard output.")] = False,
) -> int:
    """Rebuild one encounter: report with map and plots, series, animation, and the hash of its rows.

    The folder gets report.html and report.pdf, map and profile as PNG and SVG, animation.json for the page,
    encounter.json with everything, rows.csv, whose SHA-256 is the evidence hash. With --ledger, --node or --evidence
    the report shows what both sides said and were told around that time, what they were warned of, and their versions
    of the encounter, by the ledger. Minima, zone and unit as they were for the list.
    """
    from wideberth.encounter import pictures, report

    if no := pictures.missing():
        raise Stop(no)
    minima, given = minima_of(horizontal_nm, vertical_ft), given_of(zone, altitude_unit, geometric)
    if (evidence is not None) + (ledger is not None) + node > 1:
        raise Stop("Name one of --evidence, --ledger and --node.")
    if key is None and (node or file_to):
        raise Stop(f"{'--node' if node else '--file-to'} needs --key, a watch key.")
    one = _named(find(files := files_of(paths), given, minima), name, files)
    said = _said(one, evidence, ledger, party, (url, key, authority) if node and key is not None else None)
    with waiting("Rebuilding"):
        sources, notes = [path.name for path in files], given.notes
        made = rebuild(one, minima, batches(files, given), given.names, said, sources, notes)
        drawn = pictures.pictures(made)
        shown = {"report.html": report.page(made, drawn), "report.pdf": report.paper(made, drawn)}
    folder = out if out != Path() else Path(one.id)
    folder.mkdir(parents=True)
    play = msgspec.json.encode(animation(made))
    whole = msgspec.json.format(msgspec.json.encode(_without_rows(made)), indent=1)
    for file, data in {
        **drawn, **shown, "rows.csv": made.rows_csv, "animation.json": play, "encounter.json": whole
    }.items():  # fmt: skip
        (folder / file).write_bytes(data)
    if file_to and key is not None:
        _file(made, file_to, key, url, authority, words)
    if json:
        say_json(
            {"folder": str(folder), "evidence_sha256": made.evidence_sha256, "encounter": msgspec.to_builtins(one)}
        )
        return 0
    for what, text in report.facts(made):
        say(f"{what}: {text}")
    say(f"Evidence: SHA-256 {made.evidence_sha256} of rows.csv")
    say(f"Written: {folder}{os.sep}report.html, and {some(len(drawn) + 4, 'file')} beside it.")
    return 0


def _said(
    one: Encounter,
    evidence: Path | None,
    ledger: Path | None,
    party: str,
    node: tuple[str, Path, Path | None] | None,
) -> list[Said]:
    """What was said and told, from where it was asked for."""
    from wideberth.cli.encounter_said import said_by_node, said_in_evidence, said_in_ledger

    if evidence is not None:
        return said_in_evidence(evidence, one)
    if ledger is not None:
        return said_in_ledger(ledger, party, one)
    return said_by_node(*node, one) if node is not None else []


def _file(made: Rebuilt, to: tuple[str, ...], key: Path, url: str, authority: Path | None, words: str) -> None:
    """Have the ledger hold the hash; the rows stay here."""
    from wideberth.cli.encounter_said import filed_as

    one = made.encounter
    head = (filed_as(one).bytes, bytes.fromhex(made.evidence_sha256), str(one.klass), one.nearest_us, to)
    parts = [Text("en", words)] if words else []
    with reaching(url, key, authority) as client:
        answer = expected(client.say(FileEncounter(*head, 0 if words else None), parts))
    say(f"Filed as {filed_as(one)}, and {', '.join(to)} told. Entry {answer.position}.")


def _named(found: Found, name: str, files: list[Path]) -> Encounter:
    """The one encounter whose id begins so."""
    fits = [e for e in (*found.encounters, *found.along) if name and e.id.startswith(name)]
    if len(fits) != 1:
        rule = f"the id of one of the {len(found.encounters)} encounters in {', '.join(p.name for p in files)}"
        accepted(refuse(Reason.UNKNOWN if not fits else Reason.AMBIGUOUS, "id", rule, name))
    return fits[0]


def _without_rows(made: Rebuilt) -> dict[str, Any]:
    return {n: msgspec.to_builtins(getattr(made, n)) for n in made.__struct_fields__ if n != "rows_csv"}


def files_of(paths: list[Path]) -> list[Path]:
    """The files themselves; of a recorder's folder all of it."""
    files = []
    for path in paths:
        inside = recorded_in(path) if path.is_dir() else [path]
        if not inside:
            raise Stop(f"{path} holds no hours of a recorder (tracks-2026090106-1.parquet); name its files one by one.")
        files += inside
    return files


def minima_of(horizontal_nm: float, vertical_ft: int) -> Minima:
    """The minima as options give them; stops where they cannot be meant."""
    horizontal_mm = nm_to_mm(horizontal_nm) if 0 <= horizontal_nm < 1e6 else -1
    if not 0 < horizontal_mm <= ENCOUNTER_HORIZONTAL_MM_MAX:
        rule = f"above 0 and at most {ENCOUNTER_HORIZONTAL_MM_MAX / 1_852_000:.0f} NM"
        accepted(refuse(Reason.OUT_OF_RANGE, "--horizontal-nm", rule, horizontal_nm))
    if not 0 < vertical_ft <= ENCOUNTER_VERTICAL_FT_MAX:
        rule = f"above 0 and at most {ENCOUNTER_VERTICAL_FT_MAX:,} ft"
        accepted(refuse(Reason.OUT_OF_RANGE, "--vertical-ft", rule, vertical_ft))
    return Minima(horizontal_mm, vertical_ft)


def given_of(zone: str, altitude_unit: Literal["ft", "m"] | None, geometric: bool = False) -> Given:
    """What files leave out."""
    try:
        zone_of(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Stop(f"--zone is UTC or a name such as Europe/Paris; received {zone[:40]!r}.") from error
    return Given(zone, altitude_unit, geometric)


def batches(files: list[Path], given: Given) -> Iterator[Rows]:
    """All rows of all files; stops at a refusal."""
    for path in files:
        for batch in read(path, given):
            yield accepted(batch)


def find(files: list[Path], given: Given, minima: Minima) -> Found:
    """Read and search, with a progress bar."""
    with Search(minima) as search, progress() as bar:
        reading = bar.add_task("Reading rows", total=None)
        for rows in batches(files, given):
            search.add(rows)
            bar.update(reading, completed=search.rows)
        bar.update(reading, total=search.rows)
        task = bar.add_task("Searching rows", total=search.rows)
        return search.find(given.names, lambda rows: bar.advance(task, rows))


def statement(found: Found, given: Given, minima: Minima) -> str:
    """What was found, and in what."""
    counts = found.counts
    seen = f"{some(counts.searched, 'row')} of {some(given.names.aircraft(), 'identity', 'identities')}"
    by = f"nearer than {minima.horizontal_mm / 1_852_000:.4g} NM and {figure(minima.vertical_ft)} ft at one moment"
    if not found.encounters:
        return f"No known encounter {by}, in {seen}, and in nothing else."
    pairs = len({(e.first, e.second) for e in found.encounters})
    return f"{some(len(found.encounters), 'encounter')} of {some(pairs, 'pair')} {by}, in {seen}, and in nothing else."


def left_out(found: Found, given: Given) -> dict[str, int]:
    """Why rows were not looked at, and how many."""
    counts = found.counts
    ours = {"on the ground": counts.on_ground, "repeated": counts.repeated, "held": counts.held}
    ours["implausible"] = counts.implausible
    return {why: count for why, count in (given.left_out | ours).items() if count}


def as_json(found: Found, given: Given, minima: Minima, files: list[Path]) -> dict[str, Any]:
    """All of it for programs."""
    return {
        "statement": statement(found, given, minima),
        "files": [str(path) for path in files],
        "minima": minima,
        "rule": RULE,
        "rows": found.counts.rows + sum(given.left_out.values()),
        "searched": found.counts.searched,
        "left_out": left_out(found, given),
        "notes": given.notes,
        "encounters": msgspec.to_builtins(found.encounters),
        "along": msgspec.to_builtins(found.along),
    }


def _print(found: Found, given: Given, minima: Minima, shown: int) -> None:
    say(statement(found, given, minima))
    if found.encounters:
        say()
        _show(found.encounters, shown)
        say(f"\n{ORDER}")
        classes = Counter(e.klass for e in found.encounters)
        say("Classes: " + ", ".join(f"{k} {figure(classes[k])}" for k in sorted(classes)) + ".")
        say(RULE)
    if found.along:
        say(f"\n{ALONG}\n")
        _show(found.along, shown)
        say()
    for why, count in left_out(found, given).items():
        say(f"Left out: {some(count, 'row')}, {why}.")
    for note in given.notes:
        say(f"Note: {note}.")


def _show(encounters: list[Encounter], shown: int) -> None:
    made = table("id", "aircraft", "nearest (UTC)", "class", "#apart", "#in height", "#closing", "#inside for")
    for one in sorted(encounters, key=_severity)[:shown]:
        _add(made, one)
    show(made)
    if len(encounters) > shown:
        say(f"and {figure(len(encounters) - shown)} more; --all shows them.")


def _severity(one: Encounter) -> tuple[int, float, int]:
    order = "ABDCE".index(one.klass)
    return order, one.horizontal_m.value + 10 * one.vertical_ft.value, one.enter_us


def _add(made: Any, one: Encounter) -> None:
    m, ft = one.horizontal_m, one.vertical_ft
    seen = zip((one.first, one.second), one.sources, strict=True)
    row(
        made,
        one.id,
        "\n".join(f"{name} ({', '.join(by)})" if by else name for name, by in seen),
        f"{us_to_time(one.nearest_us):%Y-%m-%d\n%H:%M:%S}",
        one.klass if one.klass != "D" else f"D ({one.worst} to {one.best})",
        f"{figure(m.value)} m\n{figure(m.low)} to {figure(m.high)}",
        f"{figure(ft.value)} ft\n{figure(ft.low)} to {figure(ft.high)}",
        f"{figure(one.closing_m_s)} m/s",
        f"{figure(one.inside_us / 1e6)} s",
    )
