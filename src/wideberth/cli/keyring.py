"""`wideberth keys`: making, showing, granting and revoking keys.

In:  names of files; for what a root signs, the genesis that names the theatre.
Out: key files that their owner alone may read, public files beside them; signed commands in files, to be carried from
     the machine that holds the root to one that reaches the node.
Refuses (exit status 2) files that exist, keys of the wrong kind, a genesis that is no hash.
"""

import getpass
import sys
import time
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import msgspec
from cyclopts import Parameter

from wideberth.cli.out import FAILED, Stop, accepted, clock, say, say_json, sentence_of, some
from wideberth.cli.reach import URL, Authority, Url, alarming, open_key, tls, told
from wideberth.client.wire import Answer, Problem, b64, read
from wideberth.keys import (
    Key,
    RootFile,
    check_counts,
    digest_of,
    new_key,
    read_public,
    spoken,
    write_key,
    write_root,
)
from wideberth.limits import ID_BYTES, NAME_CHARACTERS_MAX
from wideberth.party.charter import DAY_US
from wideberth.party.command import Command, GrantKey, RevokeKey, tag_of
from wideberth.party.envelope import CONTEXT, Envelope, command_digest, encode, seal
from wideberth.party.identity import KeyGrant, check_party_code, root_digest
from wideberth.refusal import Refusal

CARRY_US: Final = 23 * 3_600 * 1_000_000
"""A signed command in a file may be sent for so long; the theatre takes none that is valid for more than a day."""
SUFFIX: Final = ".command"

Roots = Annotated[
    list[Path], Parameter(name="--root-key", negative="", help="Root key file; once for each key that signs.")
]
GenesisText = Annotated[str, Parameter(help="Genesis of the theatre (hexadecimal, spaces allowed).")]
Out = Annotated[Path, Parameter(help="File for the signed command.")]


class Carried(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed command in a file: the body of POST /v1/commands, and in words what it is."""

    what: str
    envelope: str
    signatures: tuple[str, ...]
    parts: tuple[dict[str, str], ...] = ()


def new_root(
    folder: Annotated[Path, Parameter(help="Folder for the key files; made if need be.")],
    *,
    party: Annotated[str, Parameter(help="The party's code: 2 to 16 of A-Z, 0-9 and hyphen.")],
    keys: Annotated[int, Parameter(help="How many keys the root has.")] = 1,
    threshold: Annotated[int, Parameter(help="How many of them sign together.")] = 1,
    passphrase: Annotated[bool, Parameter(negative="", help="Seal each file with a passphrase.")] = False,
) -> int:
    """Make a party's offline root: one or more keys, and the public file that invitations name.

    Do this on a machine without a network. Keep the key files apart from one another; only PARTY.root travels.

    Example: wideberth keys new-root /media/usb --party HAS --keys 3 --threshold 2 --passphrase
    """
    no = check_party_code(party, "--party") or check_counts(keys, threshold)
    if no is not None:
        raise Stop(sentence_of(no))
    folder.mkdir(parents=True, exist_ok=True)
    made = [new_key("root", party, f"root {i + 1} of {keys}") for i in range(keys)]
    paths = [folder / f"{party}-root-{i + 1}.key" for i in range(keys)]
    root_path = folder / f"{party}.root"
    for path in (*paths, root_path):
        if path.exists():
            raise Stop(f"{path} exists; keys are never overwritten.")
    for path, key in zip(paths, made, strict=True):
        write_key(path, key, _passphrase(path) if passphrase else "")
    root = accepted(write_root(root_path, party, tuple(key.public for key in made), threshold))
    say(f"{root_path}: root of {party}, {threshold} of {some(keys, 'key')} sign.")
    say(f"digest {spoken(digest_of(root))}")
    return 0


def new_watch(
    file: Annotated[Path, Parameter(help="Key file to make; FILE.pub is made beside it.")],
    *,
    party: Annotated[str, Parameter(help="The party's code.")],
    label: Annotated[str, Parameter(help="Which desk or role it is for.")] = "watch",
    passphrase: Annotated[bool, Parameter(negative="", help="Seal the file with a passphrase.")] = False,
) -> int:
    """Make a watch key. It may say nothing until the party's root grants it.

    Example: wideberth keys new-watch has-desk1.key --party HAS --label "desk 1"
    """
    no = check_party_code(party, "--party")
    if no is not None:
        raise Stop(sentence_of(no))
    if len(label) > NAME_CHARACTERS_MAX:
        raise Stop(f"--label: at most {NAME_CHARACTERS_MAX} characters.")
    key = new_key("watch", party, label)
    public = write_key(file, key, _passphrase(file) if passphrase else "")
    say(f"{file}: watch key of {party} ({label}).")
    say(f"{public}: its public side; give it to the holder of the root.")
    say(f"public {spoken(key.public)}")
    return 0


def show(
    file: Annotated[Path, Parameter(help="A key file, its .pub, or a .root file.")],
    *,
    json: Annotated[bool, Parameter(negative="", help="Print JSON.")] = False,
) -> int:
    """Show what a key file says in public, spelled so that it can be compared over the telephone.

    Example: wideberth keys show HAS.root
    """
    found = read_public(file)
    if isinstance(found, Refusal):
        raise Stop(sentence_of(found))
    if isinstance(found, RootFile):
        digest = root_digest(found.root)
        if json:
            say_json({"kind": "root", "party": found.party, "threshold": found.threshold,
                      "keys": [key.hex() for key in found.keys], "digest": digest.hex()})  # fmt: skip
            return 0
        say(f"root of {found.party}: {found.threshold} of {some(len(found.keys), 'key')} sign")
        say(f"digest {spoken(digest)}")
        for i, key in enumerate(found.keys, 1):
            say(f"key {i}  {spoken(key)}")
        return 0
    if json:
        say_json({"kind": found.kind, "party": found.party, "label": found.label, "public": found.public.hex()})
        return 0
    whose = f" of {found.party}" if found.party else ""
    say(f"{found.kind} key{whose} ({found.label})")
    say(f"public {spoken(found.public)}")
    return 0


def grant(
    watch: Annotated[Path, Parameter(help="Public file of the watch key.")],
    *,
    root_key: Roots,
    genesis: GenesisText,
    out: Out,
    permits: Annotated[str, Parameter(help='Commands that it may say, separated by commas; "*" for all.')] = "*",
    days: Annotated[int, Parameter(help="For how long.")] = 30,
) -> int:
    """Sign a watch key's grant with the root. Carry the file to a machine that reaches the node and send it there.

    Example: wideberth keys grant desk1.key.pub --root-key HAS-root-1.key --genesis 7F3A... --out desk1.command
    """
    found = read_public(watch)
    if isinstance(found, Refusal):
        raise Stop(sentence_of(found))
    if isinstance(found, RootFile) or found.kind != "watch":
        raise Stop(f"{watch}: a watch key's public file is needed.")
    now_us = time.time_ns() // 1_000
    expires_us = now_us + days * DAY_US
    row = KeyGrant(found.public, tuple(tag.strip() for tag in permits.split(",")), expires_us, found.label)
    keys = _roots(root_key, found.party)
    carry(GrantKey(row), found.party, keys, genesis, out, now_us)
    say(f"The key may say {permits} until {clock(expires_us)}.")
    return 0


def revoke(
    watch: Annotated[Path, Parameter(help="Public file of the watch key.")],
    *,
    root_key: Roots,
    genesis: GenesisText,
    out: Out,
    suspected_hours: Annotated[float, Parameter(help="Since how many hours it may have been misused.")] = 0.0,
) -> int:
    """Sign a watch key's revocation with the root. What it agreed to since it is suspected reopens.

    Example: wideberth keys revoke desk1.key.pub --root-key HAS-root-1.key --genesis 7F3A... --out revoke.command
    """
    found = read_public(watch)
    if isinstance(found, Refusal):
        raise Stop(sentence_of(found))
    if isinstance(found, RootFile):
        raise Stop(f"{watch}: a watch key's public file is needed.")
    now_us = time.time_ns() // 1_000
    since_us = now_us - round(suspected_hours * 3_600 * 1_000_000)
    carry(RevokeKey(found.public, since_us), found.party, _roots(root_key, found.party), genesis, out, now_us)
    return 0


def send(
    file: Annotated[Path, Parameter(help="File with a signed command.")],
    *,
    url: Url = URL,
    authority: Authority = None,
) -> int:
    """Send a signed command from a file. Sending it again does no harm: it gets the first answer.

    Example: wideberth keys send desk1.command --url https://theatre.example:8080
    """
    try:
        carried = msgspec.json.decode(file.read_bytes(), type=Carried)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Stop(f"{file}: not a signed command: {error}.") from error
    body: dict[str, Any] = {"envelope": carried.envelope, "signatures": carried.signatures, "parts": carried.parts}
    try:
        with httpx.Client(base_url=url, verify=tls(authority), timeout=30.0) as http:
            response = http.post("/v1/commands", json=body)
    except httpx.TransportError as error:
        raise Stop(f"No answer from {url}: {error}. Is the node running?", FAILED) from error
    with alarming():
        if response.status_code != 200:
            raise Stop(told(read(response.content, Problem)))
        answer = read(response.content, Answer)
    say(f"{carried.what}: accepted as entry {answer.position}.")
    return 0


def carry(command: Command, party: str, keys: list[Key], genesis: str, out: Path, now_us: int) -> None:
    """Sign a command with root keys and write it into a file."""
    named = genesis_of(genesis)
    seeds = tuple(key.seed for key in keys)
    public = tuple(key.public for key in keys)
    fresh = command_digest(encode((now_us, public, encode(command))))[:ID_BYTES]
    envelope = Envelope(CONTEXT, named, party, public, fresh, now_us + CARRY_US, (0, b""), command)
    signed = seal(envelope, seeds)
    what = f"{tag_of(command)} of {party}"
    carried = Carried(what, b64(signed.envelope), tuple(b64(signature) for signature in signed.signatures))
    with out.open("xb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(carried), indent=2) + b"\n")
    say(f"{out}: {what}, signed by {some(len(keys), 'key')}. Send it before {clock(now_us + CARRY_US)}:")
    say(f"wideberth keys send {out} --url ADDRESS")


def genesis_of(text: str) -> bytes:
    """The 32 bytes that name a theatre."""
    try:
        named = bytes.fromhex(text)
    except ValueError:
        named = b""
    if len(named) != 32:
        raise Stop("--genesis: 64 hexadecimal digits, as `wideberth found` and `wideberth verify` print them.")
    return named


def _roots(paths: list[Path], party: str) -> list[Key]:
    keys = [open_key(path) for path in paths]
    for path, key in zip(paths, keys, strict=True):
        if key.kind != "root" or key.party != party:
            raise Stop(f"{path}: a root key of {party} is needed; this is a {key.kind} key of {key.party}.")
    return keys


def _passphrase(path: Path) -> str:
    if not sys.stdin.isatty():
        text = sys.stdin.readline().rstrip("\n")
    else:
        text = getpass.getpass(f"New passphrase of {path}: ")
        if getpass.getpass("Once more: ") != text:
            raise Stop("The two passphrases differ; nothing was written for this key.")
    if not text:
        raise Stop("An empty passphrase seals nothing.")
    return text
