"""A party's cells and contacts from the command line: whom a notice has to reach, and whom to call when a line fails.

In:  a watch key, a node; a file in TOML or JSON with [[cells]] (code, above, name, languages, area) or [[contacts]]
     (level, role, number, languages, interpreter).
Out: the cells of the party, the contacts of all parties, as a table or as JSON.
Refuses a file that cannot be read, with the member that is wrong; the node's refusals are printed as they are.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from cyclopts import Parameter

from wideberth.cli.charters import BYTES_MAX, CircleForm, Form, PolygonForm, outline_of
from wideberth.cli.out import Stop, row, say, say_json, show, some, table
from wideberth.cli.reach import URL, Authority, KeyFile, Url, expected, reaching
from wideberth.client.hotline import Hotline
from wideberth.client.roster import Call
from wideberth.party.hotline import Cell, Contact

JsonOut = Annotated[bool, Parameter(negative="", help="Print JSON.")]
F = TypeVar("F")


class CellForm(Form, frozen=True):
    """A cell."""

    code: str
    name: str
    above: str = ""
    languages: tuple[str, ...] = ("en",)
    area: PolygonForm | CircleForm | None = None


class CellsForm(Form, frozen=True):
    """A file of cells, all of them."""

    cells: tuple[CellForm, ...]


class ContactForm(Form, frozen=True):
    """Whom to call."""

    level: int
    role: str
    number: str
    languages: tuple[str, ...] = ("en",)
    interpreter: bool = False


class ContactsForm(Form, frozen=True):
    """A file of contacts, all of them."""

    contacts: tuple[ContactForm, ...]


def read(path: Path, form: type[F]) -> F:
    """The file in its form."""
    data = path.read_bytes()
    if len(data) > BYTES_MAX:
        raise Stop(f"{path} has {len(data)} bytes; at most {BYTES_MAX} are read.")
    decode = msgspec.json.decode if path.suffix == ".json" else msgspec.toml.decode
    try:
        return decode(data, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Stop(f"{path} cannot be read: {error}. See: wideberth party --help") from error


def cells(
    file: Annotated[Path | None, Parameter(help="Set the cells to those of this file; without it show them.")] = None,
    /,
    *,
    key: KeyFile,
    url: Url = URL,
    authority: Authority = None,
    json: JsonOut = False,
) -> None:
    """Show or set the party's cells: the units that have to acknowledge a notice themselves, and who is on their watch.

    Example: wideberth party cells cells.toml --key has-desk1.key
    """
    with reaching(url, key, authority) as client:
        hotline = Hotline(client)
        if file is not None:
            rows = tuple(_cell(form) for form in read(file, CellsForm).cells)
            answer = expected(hotline.set_tree(rows))
            say(f"{some(len(rows), 'cell')} set. Entry {answer.position}.")
            return
        found = expected(hotline.watches()).cells
    if json:
        say_json(found)
        return
    made = table("cell", "above", "name", "languages", "on watch", "#open")
    for cell in found:
        watch = cell.label or ("a key" if cell.key else "nobody")
        row(made, cell.cell or "(the party)", cell.above, cell.name, ", ".join(cell.languages), watch, len(cell.items))
    show(made)


def _cell(form: CellForm) -> Cell:
    area = outline_of(form.area) if form.area is not None else None
    return Cell(form.code, form.above, form.name, form.languages, area)


def contacts(
    file: Annotated[Path | None, Parameter(help="Set the party's contacts to those of this file.")] = None,
    /,
    *,
    key: KeyFile,
    url: Url = URL,
    authority: Authority = None,
    party: Annotated[str | None, Parameter(help="Show this party alone.")] = None,
    speaks: Annotated[str | None, Parameter(help="Show those who speak it, interpreters among them.")] = None,
    json: JsonOut = False,
) -> None:
    """Show whom to call at each party, level by level, or set the own party's contacts.

    Level 1 is the watch, 2 who leads it, 3 who decides for the party. Roles, not persons.

    Example: wideberth party contacts --key has-desk1.key --speaks ru
    """
    with reaching(url, key, authority) as client:
        if file is not None:
            forms = read(file, ContactsForm).contacts
            rows = [Contact(f.level, f.role, f.number, f.languages, f.interpreter) for f in forms]
            answer = expected(Hotline(client).set_contacts(rows))
            say(f"{some(len(rows), 'contact')} set. Entry {answer.position}.")
            return
        parties = expected(client.theatre()).parties
    found = [(p.party, c) for p in parties if party in (None, p.party) for c in p.contacts]
    spoken = [(code, c) for code, c in found if speaks is None or speaks in c.languages]
    if json:
        say_json([{"party": code, **msgspec.to_builtins(c)} for code, c in spoken])
        return
    if not spoken:
        whose = party or "any party"
        speaking = f" who speaks {speaks}" if speaks else ""
        say(f"No contact of {whose}{speaking} is known. A party sets its own: wideberth party contacts FILE --key KEY,")
        say("where FILE has [[contacts]] with level (1 to 3), role, number and languages.")
        return
    _show(spoken)


def _show(rows: Iterable[tuple[str, Call]]) -> None:
    made = table("party", "#level", "role", "number", "languages", "")
    for code, call in rows:
        kind = "interpreter" if call.interpreter else ""
        row(made, code, call.level, call.role, call.number, ", ".join(call.languages), kind)
    show(made)
