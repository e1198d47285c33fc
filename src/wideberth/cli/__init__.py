"""The command line: tables for people, `--json` for programs, one clear line where something is wrong.

In:  words of the command line.
Out: an exit status: 0 well, 1 what was looked for was found (conflicts, a fault in a ledger), 2 the input is wrong,
     3 the machine or the node failed.
What each command does, with examples that the tests run, is in `docs/commands.md`.
"""

import sys
from collections.abc import Sequence
from typing import Final

from cyclopts import App, CycloptsError

import wideberth
from wideberth.cli.out import BAD_INPUT, FAILED, Stop, say_error

ABOUT: Final = (
    "Keeps those who share a space clear of one another: plans, conflicts, settlement, and a ledger that anyone can "
    "verify.\n\nA protective coordination system. Not certified for operational use."
)

app = App(name="wideberth", help=ABOUT, version=wideberth.__version__, help_format="plaintext")
app.command("wideberth.cli.run:serve", name="serve")
app.command("wideberth.cli.run:found", name="found")
app.command("wideberth.cli.run:demo", name="demo")
app.command("wideberth.cli.check:check", name="check")
app.command("wideberth.cli.plan:plan", name="plan")
app.command("wideberth.cli.ledgers:verify", name="verify")
app.command("wideberth.cli.ledgers:replay", name="replay")
app.command("wideberth.cli.copies:export", name="export")
app.command("wideberth.cli.copies:backup", name="backup")
app.command("wideberth.cli.copies:restore", name="restore")

keys = App(name="keys", help="Make, show and grant keys.", help_format="plaintext")
keys.command("wideberth.cli.keyring:new_root", name="new-root")
keys.command("wideberth.cli.keyring:new_watch", name="new-watch")
keys.command("wideberth.cli.keyring:show", name="show")
keys.command("wideberth.cli.keyring:grant", name="grant")
keys.command("wideberth.cli.keyring:revoke", name="revoke")
keys.command("wideberth.cli.keyring:send", name="send")
app.command(keys)

party = App(name="party", help="Invite parties, accept, decline.", help_format="plaintext")
party.command("wideberth.cli.membership:invite", name="invite")
party.command("wideberth.cli.membership:accept", name="accept")
party.command("wideberth.cli.membership:decline", name="decline")
app.command(party)


def run(argv: Sequence[str]) -> int:
    """Run one command line; its exit status."""
    try:
        status = app(list(argv), exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        say_error(f"{str(error).rstrip('.')}. See: wideberth --help")
        return BAD_INPUT
    except Stop as stop:
        say_error(str(stop))
        return stop.status
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        say_error(f"{where}{error.strerror or error}.")
        return BAD_INPUT if isinstance(error, FileNotFoundError | IsADirectoryError | FileExistsError) else FAILED
    return status if isinstance(status, int) else 0


def main() -> None:
    """The entry point of `wideberth`."""
    sys.exit(run(sys.argv[1:]))
