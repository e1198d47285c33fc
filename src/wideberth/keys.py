"""Key files: where seeds lie on a disk, and how people compare keys aloud.

In:  a path, a passphrase if the file is sealed with one.
Out: `Key` values (32-byte Ed25519 seeds), files readable by their owner alone, digests spelled in groups.
Refuses (a `Refusal`): a file that is no key file, a wrong passphrase, a file that others may read.
Raises `OSError` where the disk fails. The form of the files is in `docs/keys.md`.

A root key is made, kept and used offline; only its `.pub` file and what it signed travel.
"""

import os
import stat
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox

from wideberth.limits import ROOT_KEYS_MAX
from wideberth.party.identity import KEY_BYTES, RootSet, check_party_code, check_root, public_key, root_digest
from wideberth.refusal import Reason, Refusal, refuse

KEY_FORMAT: Final = "wideberth/key/1"
ROOT_FORMAT: Final = "wideberth/root/1"
FILE_BYTES_MAX: Final = 16_384
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
PUBLIC_SUFFIX: Final = ".pub"

Kind = Literal["root", "watch", "node"]


class Sealing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a passphrase becomes the key of the box: argon2id, its salt, operations and memory in bytes."""

    salt: Annotated[bytes, msgspec.Meta(min_length=argon2id.SALTBYTES, max_length=argon2id.SALTBYTES)]
    operations: Annotated[int, msgspec.Meta(ge=argon2id.OPSLIMIT_MIN, le=argon2id.OPSLIMIT_SENSITIVE)]
    memory_bytes: Annotated[int, msgspec.Meta(ge=argon2id.MEMLIMIT_MIN, le=argon2id.MEMLIMIT_SENSITIVE)]


class KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A key as it lies on a disk. `seed` or `sealed` is there in a private file, neither in a public one."""

    format: str
    kind: Kind
    party: str
    label: str
    public: bytes
    seed: bytes | None = None
    sealed: bytes | None = None
    sealing: Sealing | None = None


class RootFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The public side of a party's root: what an invitation names by its digest."""

    format: str
    party: str
    keys: tuple[bytes, ...]
    threshold: int

    @property
    def root(self) -> RootSet:
        """As commands carry it."""
        return RootSet(self.keys, self.threshold)


class Key(msgspec.Struct, frozen=True):
    """A key that can sign."""

    kind: Kind
    party: str
    label: str
    seed: bytes

    @property
    def public(self) -> bytes:
        """The 32-byte public key."""
        return public_key(self.seed)


def new_key(kind: Kind, party: str, label: str) -> Key:
    """A fresh key from the system's randomness."""
    return Key(kind, party, label, os.urandom(KEY_BYTES))


def key_file(key: Key, passphrase: str = "") -> KeyFile:
    """The private file of a key; with a passphrase its seed is sealed (argon2id, XSalsa20-Poly1305)."""
    if not passphrase:
        return KeyFile(KEY_FORMAT, key.kind, key.party, key.label, key.public, seed=key.seed)
    salt = os.urandom(argon2id.SALTBYTES)
    sealing = Sealing(salt, argon2id.OPSLIMIT_MODERATE, argon2id.MEMLIMIT_MODERATE)
    sealed = bytes(_box(sealing, passphrase).encrypt(key.seed))
    return KeyFile(KEY_FORMAT, key.kind, key.party, key.label, key.public, sealed=sealed, sealing=sealing)


def public_file(key: Key) -> KeyFile:
    """The public file of a key."""
    return KeyFile(KEY_FORMAT, key.kind, key.party, key.label, key.public)


def write_key(path: Path, key: Key, passphrase: str = "") -> Path:
    """Write a private file that only its owner may read, and `.pub` beside it; the path of the public one.

    Raises FileExistsError rather than overwrite a key.
    """
    public = path.with_name(path.name + PUBLIC_SUFFIX)
    _write_new(path, _json(key_file(key, passphrase)), 0o600)
    _write_new(public, _json(public_file(key)), 0o644)
    return public


def write_root(path: Path, party: str, keys: tuple[bytes, ...], threshold: int) -> RootFile | Refusal:
    """Write the public side of a root."""
    no = check_party_code(party, "party") or check_root(RootSet(keys, threshold), "root")
    if no is not None:
        return no
    root = RootFile(ROOT_FORMAT, party, keys, threshold)
    _write_new(path, _json(root), 0o644)
    return root


def read_key(path: Path, passphrase: str = "") -> Key | Refusal:
    """The key in a private file."""
    file = _read(path, KeyFile)
    if isinstance(file, Refusal):
        return file
    if stat.S_IMODE(path.stat().st_mode) & OTHERS:
        limit = f"a private key that only its owner may read (chmod 600 {path})"
        mode = f"mode {stat.S_IMODE(path.stat().st_mode):o}"
        return refuse(Reason.WRONG_STATE, str(path), limit, mode)
    seed = _opened(file, passphrase, str(path))
    if isinstance(seed, Refusal):
        return seed
    if len(seed) != KEY_BYTES or public_key(seed) != file.public:
        return refuse(Reason.MALFORMED, str(path), "a seed of 32 bytes that fits the public key")
    return Key(file.kind, file.party, file.label, seed)


def is_sealed(path: Path) -> bool:
    """Whether a key file needs a passphrase; False also where it is no key file."""
    file = _read(path, KeyFile)
    return isinstance(file, KeyFile) and file.sealed is not None


def read_public(path: Path) -> KeyFile | RootFile | Refusal:
    """What a file says in public: a key's or a root's, whichever it is."""
    key = _read(path, KeyFile)
    if isinstance(key, KeyFile):
        return KeyFile(key.format, key.kind, key.party, key.label, key.public)
    root = read_root(path)
    return key if isinstance(root, Refusal) and root.reason is Reason.MALFORMED else root


def read_root(path: Path) -> RootFile | Refusal:
    """The public side of a root."""
    file = _read(path, RootFile)
    if isinstance(file, Refusal):
        return file
    return check_root(file.root, str(path)) or file


def spoken(digest: bytes) -> str:
    """32 bytes as 16 groups of four hexadecimal digits, to be compared over the telephone."""
    text = digest.hex().upper()
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def digest_of(file: RootFile) -> bytes:
    """The digest by which an invitation names a root."""
    return root_digest(file.root)


def check_counts(keys: int, threshold: int) -> Refusal | None:
    """Refuse a root of impossible numbers before any key is made."""
    if not 1 <= keys <= ROOT_KEYS_MAX:
        return refuse(Reason.OUT_OF_RANGE, "keys", f"1 to {ROOT_KEYS_MAX}", keys)
    if not 1 <= threshold <= keys:
        return refuse(Reason.OUT_OF_RANGE, "threshold", f"1 to {keys}", threshold)
    return None


def _opened(file: KeyFile, passphrase: str, field: str) -> bytes | Refusal:
    if file.seed is not None:
        return file.seed
    if file.sealed is None or file.sealing is None:
        return refuse(Reason.MALFORMED, field, "a private key file; this one is public")
    if not passphrase:
        return refuse(Reason.BAD_SIGNATURE, field, "its passphrase", "none")
    try:
        return _box(file.sealing, passphrase).decrypt(file.sealed)
    except (CryptoError, ValueError):
        return refuse(Reason.BAD_SIGNATURE, field, "the passphrase that it was sealed with", "another")


def _box(sealing: Sealing, passphrase: str) -> SecretBox:
    secret = argon2id.kdf(
        SecretBox.KEY_SIZE, passphrase.encode(), sealing.salt, sealing.operations, sealing.memory_bytes
    )
    return SecretBox(secret)


def _json(value: KeyFile | RootFile) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


_File = TypeVar("_File", KeyFile, RootFile)


def _read(path: Path, form: type[_File]) -> _File | Refusal:
    data = path.read_bytes()
    if len(data) > FILE_BYTES_MAX:
        return refuse(Reason.TOO_LARGE, str(path), f"a key file of at most {FILE_BYTES_MAX} bytes", len(data))
    try:
        file = msgspec.json.decode(data, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return refuse(Reason.MALFORMED, str(path), "a key file", str(error))
    wanted = KEY_FORMAT if isinstance(file, KeyFile) else ROOT_FORMAT
    if file.format != wanted:
        return refuse(Reason.MALFORMED, str(path), f"the format {wanted}", file.format)
    return file


def _write_new(path: Path, data: bytes, mode: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
