"""`python3 FILE.zip`: verify a piece of evidence with the standard library alone, and say what was found.

In:  the file itself, or another one named; the genesis hash and the node's key, where its reader was told them.
Out: a few lines; exit status 0 where all is sound, 1 where not, 2 where it cannot be read.
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from pathlib import Path

from .check import REPORT, Checked, Faulty, check
from .page import PDF, render
from .story import tell


def examine(archive: zipfile.ZipFile, key: str = "", genesis: str = "") -> tuple[Checked | None, list[str]]:
    """What was checked, and every fault; the page is made again and compared."""
    try:
        checked = check(archive, key, genesis)
        faults = list(checked.unsound)
        if checked.head is not None and not faults and render(checked, tell(checked)) != archive.read(REPORT):
            faults.append(f"{REPORT} does not show what the entries say.")
    except Faulty as fault:
        return None, [f"{fault}."]
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, LookupError, ValueError) as error:
        return None, [f"The file is damaged ({error})."]
    except Exception as error:  # noqa: BLE001  whatever a hostile file does, it is not sound
        return None, [f"The file cannot be read ({type(error).__name__}: {error})."]
    return checked, faults


def main(path: str) -> int:
    """Verify and print."""
    parser = argparse.ArgumentParser(description="Verify a piece of evidence of wideberth.")
    parser.add_argument("file", nargs="?", default=path, help="another piece of evidence than this one")
    parser.add_argument("--genesis", default="", help="the genesis hash that you were told (hexadecimal)")
    parser.add_argument("--key", default="", help="the node's key that you were told, name+id+base64")
    parser.add_argument("--unpack", metavar="FOLDER", default="", help="write report.html (and report.pdf) there")
    words = parser.parse_args()
    try:
        archive = zipfile.ZipFile(words.file)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        print(f"{words.file}: it cannot be opened ({error}).", file=sys.stderr)
        return 1 if isinstance(error, (zipfile.BadZipFile, ValueError)) else 2
    with archive:
        checked, faults = examine(archive, words.key, words.genesis)
        if words.unpack and not faults:
            for name in (REPORT, PDF):
                if name in archive.namelist():
                    (Path(words.unpack) / name).write_bytes(archive.read(name))
    print(report(checked, faults, words.file))
    return 1 if faults else 0


def report(checked: Checked | None, faults: list[str], name: str) -> str:
    """The finding in a few lines."""
    lines = [f"{name}: {'NOT SOUND. ' + faults[0] if faults else 'sound.'}"]
    lines += faults[1:]
    if checked is not None and checked.head is not None:
        figures = checked.figures
        lines += [
            f"subject     {checked.manifest['subject']['name']}",
            f"entries     {figures['entries']} of {checked.head.size} under {checked.head.origin}",
            f"parts       {figures['shown']} shown, {figures['absent']} withheld or erased",
            f"signatures  {figures['signatures']}; notices {figures['notices']}",
            f"genesis     {checked.genesis}",
            *(f"node key    {key.name} {key.public.hex()}" for key in checked.node_keys),
            "Compare genesis and node key with what you were told on another way.",
            *(f"NOT TRACED to the genesis by what is shown: {key}" for key in checked.untraced[:20]),
        ]
    return "\n".join(lines)
