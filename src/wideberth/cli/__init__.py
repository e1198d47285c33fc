"""The command line: tables for people, `--json` for programs, one clear line where something is wrong.

In:  words of the command line.
Out: an exit status: 0 well, 1 what was looked for was found (conflicts, a fault in a ledger), 2 the input is wrong,
     3 the machine or the node failed, 130 stopped by Ctrl-C.
What each command does, with examples that the tests run, is in `docs/commands.md`.
"""

import os
import sys
from collections.abc import Sequence
from typing import Final

from cyclopts import App, CycloptsError, UnknownCommandError

import wideberth
from wideberth.cli.out import BAD_INPUT, FAILED, FOUND, INTERRUPTED, Stop, say_error, take_language
from wideberth.ledger.store import LedgerDamaged, LedgerFailed

ABOUT: Final = (
    "Keeps those who share a space clear of one another: plans, conflicts, settlement, and a ledger that anyone can "
    "verify.\n\nRefusals are said in the language of `--language`, else of LANG: en, de, ru, tr, ar, fr, uk or fa.\n\n"
    "A protective coordination system. Not certified for operational use."
)

COMMANDS: Final = {
    "check": ("check:check", "Find every pair of plans in files that come too near."),
    "demo": ("run:demo", "Serve the exercise, or run it to its end."),
    "found": ("run:found", "Found a theatre: its first entry and its node's key."),
    "serve": ("run:serve", "Serve the theatre of a data folder."),
    "form": ("form:form", "Print messages as forms to be read aloud, read back and signed by hand."),
    "watch": ("watch:watch", "Keep a watch: what is open, what comes, what you answer."),
    "drill": ("drill:drill", "Try the hotline out: notice, read-back, lines; who answered how soon."),
    "plan": ("plan:plan", "File the operations of a file in a theatre."),
    "aircraft": ("aircraft:aircraft", "Say which aircraft fly a plan, or show it."),
    "notam": ("notam:notam", "Draft the NOTAM for a plan, constraint or notice, for a NOTAM office."),
    "load": ("load:load", "Measure a server of ASTM F3548-21 by flights."),
    "verify": ("ledgers:verify", "Check that a ledger is what it claims to be."),
    "replay": ("ledgers:replay", "Replay a ledger and print what it comes to."),
    "export": ("copies:export", "Write a ledger into one file that anybody can verify."),
    "review": ("review:review", "Review a span of time together with the other parties."),
    "evidence": ("evidence:evidence", "Make one file about a message, conflict, operation or span of time."),
    "backup": ("copies:backup", "Copy a ledger, then read the copy back and check it."),
    "restore": ("copies:restore", "Restore a ledger as its next epoch."),
    "encounters": ("encounters:encounters", "Find all close approaches in recorded tracks."),
    "encounter": ("encounters:encounter", "Rebuild one close approach: report, map, plots, evidence hash."),
    "keys new-root": ("keyring:new_root", "Make a party's offline root."),
    "keys new-watch": ("keyring:new_watch", "Make a watch key."),
    "keys show": ("keyring:show", "Show a key's public side, spelled for the telephone."),
    "keys grant": ("keyring:grant", "Sign a watch key's grant with the root."),
    "keys revoke": ("keyring:revoke", "Sign a watch key's revocation with the root."),
    "keys send": ("keyring:send", "Send a signed command from a file."),
    "party invite": ("membership:invite", "Invite the party behind a root."),
    "party accept": ("membership:accept", "Accept an invitation, signed by the root."),
    "party decline": ("membership:decline", "Decline an invitation, signed by the root."),
    "party cells": ("cells:cells", "Show or set the units that have to acknowledge notices."),
    "party contacts": ("cells:contacts", "Show whom to call at each party, or set the own contacts."),
    "register add": ("register:add", "Notify a protected place, a post or a movement."),
    "register list": ("register:listing", "List the party's register."),
    "register review": ("register:review", "Say that a place was looked at again."),
    "register pass": ("register:passed", "Report a checkpoint passed."),
    "register position": ("register:position", "Report where a movement is."),
    "register seen": ("register:seen", "Review an own plan over the own register, as a second person."),
    "register check": ("register:check", "Check plans, without filing them, against everything."),
    "paths set": ("paths:set_", "Say where a cell is reached beside the stream."),
    "paths list": ("paths:list_", "Show your routes and how they do."),
    "paths test": ("paths:try_", "Have each route of a cell tried once."),
    "tokens new-key": ("tokens:new_key", "Make the RSA key of a token issuer, for trying things out."),
    "tokens get": ("tokens:get", "Print one bearer token."),
    "tokens serve": ("tokens:serve", "Give tokens to whoever asks on this machine, for trying things out."),
}
"""Where each command is, loaded when it is called, and its line in the list of commands."""

GROUPS: Final = {
    "keys": "Make, show and grant keys.",
    "party": "Invite parties, accept, decline; cells and contacts.",
    "register": "Protected places, own and partners' posts, movements; checks of plans that are not filed.",
    "paths": "Say where you are reached beside the stream.",
    "tokens": "Try out bearer tokens.",
}


def build(listing: bool) -> App:
    """The application. For a list of commands each has its one line; for a command itself its whole text counts."""
    app = App(name="wideberth", help=ABOUT, version=wideberth.__version__, help_format="markdown")
    groups = {name: App(name=name, help=text, help_format="markdown") for name, text in GROUPS.items()}
    for words, (place, line) in COMMANDS.items():
        group, _, name = words.rpartition(" ")
        told = {"help": line} if listing else {}
        groups.get(group, app).command(f"wideberth.cli.{place}", name=name, **told)
    for sub in groups.values():
        app.command(sub)
    return app


def run(argv: Sequence[str]) -> int:
    """Run one command line; its exit status."""
    try:
        return _run(take_language(argv))
    except Stop as stop:
        say_error(str(stop))
        return stop.status


def _run(argv: Sequence[str]) -> int:
    app = build(listing=set(argv) <= {"--help", "-h", *GROUPS})
    try:
        status = app(list(argv), exit_on_error=False, print_error=False, result_action="return_value")
    except UnknownCommandError:
        word = next((w for w in argv if not w.startswith("-") and w not in GROUPS), argv[0] if argv else "")
        say_error(f"There is no command {word!r}. Commands: {', '.join(COMMANDS)}. See: wideberth --help")
        return BAD_INPUT
    except CycloptsError as error:
        say_error(f"{' '.join(str(error).split()).rstrip('.')}. See: wideberth --help")
        return BAD_INPUT
    except LedgerFailed as error:
        say_error(str(error))
        return FOUND if isinstance(error, LedgerDamaged) else FAILED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # who read has gone; nothing is left to say
        return FAILED
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        say_error(f"{where}{error.strerror or error}.")
        return BAD_INPUT if isinstance(error, FileNotFoundError | IsADirectoryError | FileExistsError) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return status if isinstance(status, int) else 0


def main() -> None:
    """The entry point of `wideberth`."""
    sys.exit(run(sys.argv[1:]))
