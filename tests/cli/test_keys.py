"""Key files: what they keep to themselves, and what the commands say of them."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wideberth.cli import run
from wideberth.keys import Key, RootFile, is_sealed, new_key, read_key, read_public, read_root, spoken, write_key
from wideberth.party.identity import RootSet, public_key, root_digest
from wideberth.refusal import Reason, Refusal

Captured = pytest.CaptureFixture[str]


def test_a_key_comes_back_and_stays_private(tmp_path: Path) -> None:
    """What was written is read back; only its owner may read the file, and its public side tells no seed."""
    key, path = new_key("watch", "HAS", "desk 1"), tmp_path / "a.key"
    public = write_key(path, key)
    assert read_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    shown = read_public(public)
    assert not isinstance(shown, Refusal | RootFile)
    assert (shown.public, shown.seed) == (public_key(key.seed), None)
    assert key.seed not in public.read_bytes()
    with pytest.raises(FileExistsError):
        write_key(path, key)


def test_a_sealed_key_needs_its_passphrase(tmp_path: Path) -> None:
    """Without the passphrase the file gives nothing away, and a wrong one is refused."""
    key, path = new_key("root", "HAS", "root"), tmp_path / "r.key"
    write_key(path, key, "open sesame")
    assert is_sealed(path)
    assert read_key(path, "open sesame") == key
    for wrong in ("", "open sesam"):
        no = read_key(path, wrong)
        assert isinstance(no, Refusal)
        assert no.reason is Reason.BAD_SIGNATURE
    assert "seed" not in json.loads(path.read_text())


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """A private key that was left open is not used."""
    path = tmp_path / "a.key"
    write_key(path, new_key("watch", "HAS", "x"))
    os.chmod(path, 0o640)
    no = read_key(path)
    assert isinstance(no, Refusal)
    assert no.reason is Reason.WRONG_STATE
    assert "chmod 600" in no.sentence()
    assert "mode 640" in no.sentence()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": "other"}', "\x00", '{"kind": "king"}', "x" * 20_000])
def test_what_is_no_key_file_is_refused(tmp_path: Path, text: str) -> None:
    """Nothing but a key file is taken for one."""
    path = tmp_path / "x"
    path.write_text(text)
    os.chmod(path, 0o600)
    assert isinstance(read_key(path), Refusal)
    assert isinstance(read_public(path), Refusal)
    assert isinstance(read_root(path), Refusal)


def test_a_seed_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    """A file whose seed and public key differ was tampered with."""
    path = tmp_path / "a.key"
    write_key(path, new_key("watch", "HAS", "x"))
    form = json.loads(path.read_text())
    form["public"] = form["seed"]
    path.write_text(json.dumps(form))
    assert isinstance(read_key(path), Refusal)


@given(st.binary(min_size=32, max_size=32))
def test_spelling_keeps_every_digit(data: bytes) -> None:
    """What is read aloud is the whole digest, in groups of four."""
    assert bytes.fromhex(spoken(data)) == data
    assert {len(group) for group in spoken(data).split(" ")} == {4}


def test_a_root_of_several_keys(tmp_path: Path, capsys: Captured) -> None:
    """Each key of a root has a file of its own; the public file names all and how many sign."""
    assert run(["keys", "new-root", str(tmp_path), "--party", "HAS", "--keys", "3", "--threshold", "2"]) == 0
    root = read_root(tmp_path / "HAS.root")
    assert isinstance(root, RootFile)
    keys = [read_key(tmp_path / f"HAS-root-{i}.key") for i in (1, 2, 3)]
    assert tuple(key.public for key in keys if isinstance(key, Key)) == root.keys
    assert root.threshold == 2
    capsys.readouterr()
    assert run(["keys", "show", str(tmp_path / "HAS.root"), "--json"]) == 0
    digest = json.loads(capsys.readouterr().out)["digest"]
    assert bytes.fromhex(digest) == root_digest(RootSet(root.keys, 2))
    assert run(["keys", "new-root", str(tmp_path), "--party", "HAS"]) == 2
    assert read_root(tmp_path / "HAS.root") == root


@pytest.mark.parametrize(
    "words",
    [
        ["new-root", "X", "--party", "has"],
        ["new-root", "X", "--party", "HAS", "--keys", "0"],
        ["new-root", "X", "--party", "HAS", "--keys", "2", "--threshold", "3"],
        ["new-root", "X", "--party", "HAS", "--keys", "99"],
        ["new-watch", "X/a.key", "--party", "?"],
        ["show", "X"],
        ["grant", "X", "--root-key", "Y", "--genesis", "00", "--out", "Z"],
    ],
)
def test_wrong_words_leave_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured, words: list[str]
) -> None:
    """A command that is refused has made no file, and says why in one line."""
    monkeypatch.chdir(tmp_path)
    assert run(["keys", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_grant_is_signed_by_the_right_root(tmp_path: Path, capsys: Captured) -> None:
    """Only a root key of the same party signs a grant; a genesis that is none is refused."""
    for party in ("HAS", "KSD"):
        run(["keys", "new-root", str(tmp_path), "--party", party])
    watch = str(tmp_path / "w.key")
    run(["keys", "new-watch", watch, "--party", "HAS"])
    out = tmp_path / "grant.command"
    words = ["keys", "grant", watch + ".pub", "--out", str(out), "--genesis", "00" * 32]
    assert run([*words, "--root-key", str(tmp_path / "KSD-root-1.key")]) == 2
    assert run([*words, "--root-key", watch]) == 2
    assert not out.exists()
    assert run([*words[:-1], "zz", "--root-key", str(tmp_path / "HAS-root-1.key")]) == 2
    capsys.readouterr()
    assert run([*words, "--root-key", str(tmp_path / "HAS-root-1.key")]) == 0
    carried = json.loads(out.read_text())
    assert carried["what"] == "grant_key of HAS"
    assert len(carried["signatures"]) == 1
    assert run(["keys", "send", str(out), "--url", "http://127.0.0.1:9"]) == 3
    assert "Is the node running" in capsys.readouterr().err
