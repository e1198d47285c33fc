"""What a PDF says: its text as pypdf reads it, and, for letters drawn in parts, the text that stands beside them.

Arabic letters are drawn as a body and dots; the PDF gives their text as ActualText (ISO 32000-1, 14.9.4), which
`letters` honours: it counts the characters of a page, whatever their order.
"""

import io
import re
from collections import Counter
from typing import Any

import pypdf
from pypdf.generic import ContentStream

_PAIR = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_RANGE = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")


def pages(pdf: bytes) -> list[pypdf.PageObject]:
    """The pages of a PDF."""
    return list(pypdf.PdfReader(io.BytesIO(pdf)).pages)


def texts(pdf: bytes) -> list[str]:
    """The text of each page on one line, marks of direction and line ends left out."""
    return [" ".join(re.sub("[\u2066-\u2069]", "", page.extract_text()).split()) for page in pages(pdf)]


def letters(page: pypdf.PageObject) -> Counter[str]:
    """How often each letter stands on a page."""
    fonts = {name: _characters(font.get_object()) for name, font in page["/Resources"]["/Font"].items()}  # type: ignore[index]
    found: list[str] = []
    depth: list[bool] = []
    font: dict[int, str] = {}
    for operands, operator in ContentStream(page.get_contents(), page.pdf).operations:
        match operator:
            case b"BDC" | b"BMC":
                actual = operands[1].get("/ActualText") if operator == b"BDC" and len(operands) > 1 else None
                found.append(str(actual) if actual is not None else "")
                depth.append(actual is not None)
            case b"EMC":
                depth.pop()
            case b"Tf":
                font = fonts[operands[0]]
            case b"Tj" | b"TJ" if not any(depth):
                found.append(_shown(operands[0], font))
    return Counter(c for c in "".join(found) if c.isalpha())


def _shown(operand: Any, font: dict[int, str]) -> str:
    strings = [
        part for part in (operand if isinstance(operand, list) else [operand]) if hasattr(part, "original_bytes")
    ]
    data = b"".join(part.original_bytes for part in strings)
    return "".join(font.get(int.from_bytes(data[i : i + 2]), "") for i in range(0, len(data), 2))


def _characters(font: Any) -> dict[int, str]:
    """What each glyph stands for (ISO 32000-1, 9.10.3)."""
    table = font["/ToUnicode"].get_data()
    found: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for glyph, text in _PAIR.findall(block):
            found[int(glyph, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, text in _RANGE.findall(block):
            start = int(text, 16)
            found |= {int(first, 16) + i: chr(start + i) for i in range(int(last, 16) - int(first, 16) + 1)}
    return found
