"""`wideberth party`: inviting, accepting, declining.

In:  a convener's watch key and a root's public file; or the invited party's root keys and its first watch key.
Out: an invitation in the ledger; a signed answer in a file, to be carried to a machine that reaches the node.
"""

import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from wideberth.cli.keyring import GenesisText, Out, Roots, carry
from wideberth.cli.out import Stop, accepted, clock, say, sentence_of
from wideberth.cli.reach import URL, Authority, KeyFile, Url, expected, open_key, reaching
from wideberth.keys import Key, RootFile, digest_of, read_public, read_root, spoken
from wideberth.party.charter import DAY_US
from wideberth.party.command import Accept, Decline, Invite
from wideberth.party.identity import KeyGrant, Role
from wideberth.refusal import Refusal

RootPath = Annotated[Path, Parameter(help="Public file of the root (PARTY.root).")]


def invite(
    root: RootPath,
    *,
    key: KeyFile,
    url: Url = URL,
    authority: Authority = None,
    role: Annotated[Role, Parameter(help="What the party may do.")] = Role.MEMBER,
    days: Annotated[int, Parameter(help="How long the invitation stands.")] = 7,
) -> int:
    """Invite the party behind a root. Compare the digest with the party over the telephone first.

    Example: wideberth party invite KSD.root --key caa-desk1.key
    """
    file = accepted(read_root(root))
    until_us = time.time_ns() // 1_000 + days * DAY_US
    with reaching(url, key, authority) as client:
        answer = expected(client.say(Invite(file.party, digest_of(file), role, until_us)))
        genesis = bytes(client.about().genesis)
    say(f"{file.party} is invited as {role.value} until {clock(until_us)}, entry {answer.position}.")
    say(f"digest  {spoken(digest_of(file))}")
    say(f"genesis {spoken(genesis)}")
    return 0


def accept(
    root: RootPath,
    *,
    name: Annotated[str, Parameter(help="The party's full name.")],
    watch: Annotated[Path, Parameter(help="Public file of its first watch key.")],
    root_key: Roots,
    genesis: GenesisText,
    out: Out,
    permits: Annotated[str, Parameter(help='Commands that the watch key may say; "*" for all.')] = "*",
    days: Annotated[int, Parameter(help="For how long the watch key is good.")] = 30,
    languages: Annotated[str, Parameter(help="Languages, separated by commas.")] = "en",
) -> int:
    """Accept an invitation, signed by the root.

    Example: wideberth party accept KSD.root --name "Karst Survey Drones" --watch d1.key.pub --root-key k.key
    --genesis 7F3A... --out accept.command
    """
    file, keys = _root(root, root_key)
    found = read_public(watch)
    if isinstance(found, Refusal):
        raise Stop(sentence_of(found))
    if isinstance(found, RootFile) or found.kind != "watch" or found.party != file.party:
        raise Stop(f"{watch}: the public file of a watch key of {file.party} is needed.")
    now_us = time.time_ns() // 1_000
    row = KeyGrant(found.public, tuple(permits.split(",")), now_us + days * DAY_US, found.label)
    carry(Accept(name, file.root, row, tuple(languages.split(","))), file.party, keys, genesis, out, now_us)
    return 0


def decline(root: RootPath, *, root_key: Roots, genesis: GenesisText, out: Out) -> int:
    """Decline an invitation, signed by the root.

    Example: wideberth party decline KSD.root --root-key k.key --genesis 7F3A... --out decline.command
    """
    file, keys = _root(root, root_key)
    carry(Decline(file.root), file.party, keys, genesis, out, time.time_ns() // 1_000)
    return 0


def _root(root: Path, paths: list[Path]) -> tuple[RootFile, list[Key]]:
    file = accepted(read_root(root))
    keys = [open_key(path) for path in paths]
    for path, key in zip(paths, keys, strict=True):
        if key.public not in file.keys:
            raise Stop(f"{path}: it is not a key of {root}.")
    if len(keys) < file.threshold:
        raise Stop(f"{file.threshold} keys of {root} sign together; give --root-key for each.")
    return file, keys
