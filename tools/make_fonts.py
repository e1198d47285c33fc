"""Makes the fonts of the printable forms from the variable fonts of the Noto project.

In:  NotoSans[wdth,wght].ttf and NotoSansArabic[wdth,wght].ttf (version 2.015 and 2.012, SIL Open Font Licence 1.1).
Out: src/wideberth/voice/fonts/*.ttf: regular and bold, with the letters of the languages of the phrases.

Run `python tools/make_fonts.py FOLDER`, where FOLDER has the two files. The same files give the same bytes.
"""

import sys
from pathlib import Path
from typing import Final

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from wideberth.voice.letters import ARABIC, LATIN

OUT: Final = Path(__file__).parent.parent / "src/wideberth/voice/fonts"
FONTS: Final = {
    "NotoSans": ("NotoSans[wdth,wght].ttf", LATIN),
    "NotoSansArabic": ("NotoSansArabic[wdth,wght].ttf", ARABIC),
}
WEIGHTS: Final = {"Regular": 400, "Bold": 700}


def made(path: Path, weight: int, characters: frozenset[str]) -> TTFont:
    """One weight of a variable font with some of its characters."""
    font = instantiateVariableFont(
        TTFont(path, recalcTimestamp=False), {"wght": weight, "wdth": 100}, updateFontNames=True
    )
    options = Options(hinting=False, notdef_outline=True, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], layout_features=["*"])
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=sorted(map(ord, characters)))
    subsetter.subset(font)
    return font


def main() -> None:
    folder = Path(sys.argv[1])
    OUT.mkdir(exist_ok=True)
    for name, (source, characters) in FONTS.items():
        for style, weight in WEIGHTS.items():
            made(folder / source, weight, characters).save(OUT / f"{name}-{style}.ttf")


if __name__ == "__main__":
    main()
