"""`wideberth form`: messages on paper, to be read aloud, read back and signed by hand.

In:  a watch key and a node, and which messages; or nothing, for an empty form.
Out: a PDF.
Refuses messages that are not open for the party, and names that fit several.
"""

from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

from cyclopts import Parameter

from wideberth.cli.out import LANGUAGE, Stop, say, some
from wideberth.cli.reach import URL, Authority, Url, expected, reaching
from wideberth.client import Client
from wideberth.client.hotline import Hotline, Message
from wideberth.limits import FORM_MESSAGES_MAX
from wideberth.voice.form import empty_form, form_of

LEAST: Final = 6
"""Characters of an id that have to be given."""


def form(
    *messages: Annotated[str, Parameter(help="SENDER/ID as the watch lists it; without any all that are open.")],
    key: Annotated[Path | None, Parameter(help="File of the watch key.")] = None,
    url: Url = URL,
    authority: Authority = None,
    empty: Annotated[bool, Parameter(negative="", help="A form to be filled in by hand; needs no node.")] = False,
    out: Annotated[Path, Parameter(help="Where the PDF goes.")] = Path("form.pdf"),
) -> None:
    """Print messages as forms: a sheet to be read aloud, a sheet to be read back, with check characters.

    The words are in the language of --language or of LANG.

    Example: wideberth form AAB/3f2a1b --key has-desk1.key --out message.pdf
    Example: wideberth form --empty --language ar --out empty.pdf
    """
    language = LANGUAGE.get()
    if empty:
        if messages:
            raise Stop("An empty form has no messages; leave out --empty or the messages.")
        out.write_bytes(empty_form(language))
        say(f"{out}: an empty form.")
        return
    if key is None:
        raise Stop("A watch key is needed to read messages (--key); an empty form needs none (--empty).")
    with reaching(url, key, authority) as client:
        found = _found(client, messages)
        out.write_bytes(form_of(found, client.party, language))
    say(f"{out}: {some(len(found), 'message')}.")


def _found(client: Client, names: tuple[str, ...]) -> list[Message]:
    """The messages that are named, or all open ones."""
    hotline = Hotline(client)
    listed = expected(hotline.messages()).messages
    chosen = [one_message(hotline, listed, name) for name in names] if names else list(listed)
    if not chosen:
        raise Stop("No message is open. An empty form: wideberth form --empty")
    if len(chosen) > FORM_MESSAGES_MAX:
        raise Stop(f"A form has at most {FORM_MESSAGES_MAX} messages; {len(chosen)} are asked for. Name some.")
    return chosen


def one_message(hotline: Hotline, listed: tuple[Message, ...], name: str) -> Message:
    """The message of SENDER/ID, where the id may be cut short."""
    sender, _, start = name.partition("/")
    start = start.lower()
    fits = [m for m in listed if m.sender == sender and str(m.id).startswith(start) and len(start) >= LEAST]
    if len(fits) == 1:
        return fits[0]
    if len(fits) > 1:
        raise Stop(f"{name!r} fits {len(fits)} messages; give more of the id.")
    try:
        message = UUID(start)
    except ValueError:
        raise Stop(f"There is no open message {name!r}; it is SENDER/ID with {LEAST} characters or more.") from None
    return expected(hotline.message(sender, message))
