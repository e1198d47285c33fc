"""Vendors what the page needs into src/wideberth/web: MapLibre GL JS whole and Noto Sans, with their licences.

In: two versions below, fetched with the ordinary npm client. Out: files under vendor/ and fonts/.
The page takes nothing from anywhere but its node, so these files ship in the package.
Run: python tools/vendor_web.py
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

WEB = Path(__file__).parent.parent / "src/wideberth/web"
MAPLIBRE = "maplibre-gl@6.17.0"
NOTO = "@fontsource/noto-sans@5.3.0"
FONT_FILES = [f"noto-sans-{part}-{weight}-normal.woff2" for part in ("latin", "latin-ext") for weight in (400, 700)]


def unpack(package: str, into: Path) -> Path:
    """The unpacked folder of one npm package."""
    npm = shutil.which("npm")
    assert npm, "npm is needed to vendor the page's libraries"
    done = subprocess.run([npm, "pack", "--silent", package], cwd=into, check=True, capture_output=True, text=True)  # noqa: S603
    archive = into / done.stdout.split()[-1]
    folder = into / archive.stem
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "package"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        maplibre, noto = unpack(MAPLIBRE, Path(name)), unpack(NOTO, Path(name))
        target = WEB / "vendor/maplibre-gl"
        target.mkdir(parents=True, exist_ok=True)
        for file in ("maplibre-gl.mjs", "maplibre-gl-worker.mjs", "maplibre-gl.css"):
            shutil.copy(maplibre / "dist" / file, target / file)
        shutil.copy(maplibre / "LICENSE.txt", target / "LICENSE.txt")
        (target / "VERSION").write_text(MAPLIBRE + "\n")
        fonts = WEB / "fonts"
        fonts.mkdir(exist_ok=True)
        for file in FONT_FILES:
            shutil.copy(noto / "files" / file, fonts / file)
        shutil.copy(noto / "LICENSE", fonts / "OFL.txt")
        (fonts / "VERSION").write_text(NOTO + "\n")
    sys.stdout.write("vendored\n")


if __name__ == "__main__":
    main()
