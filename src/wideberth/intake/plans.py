"""Plans as they are sent: GeoJSON or F3548-21 JSON in, operations with canonical volumes out.

In:  bytes of one document. Which of the two forms it is follows from its structure: a "type" of Feature or
     FeatureCollection is GeoJSON (intake.geojson), the members of F3548-21 are F3548 (intake.f3548).
Out: `PlannedOperation`s: volumes in nanodegrees, millimetres above the WGS 84 ellipsoid and microseconds, with the
     accuracy of their places and a note for everything that was assumed.
Refuses: with one `Refusal`, the first by the order of precedence, and the path to the field; nothing is half read.
"""

from wideberth.intake import f3548, geojson
from wideberth.intake.altitude import Air
from wideberth.intake.bounds import Bounds
from wideberth.intake.fields import Book, Field, decode
from wideberth.intake.operation import KINDS, PlannedOperation, put_together
from wideberth.limits import FILE_BYTES_MAX
from wideberth.refusal import Reason, Refusal, refuse

__all__ = ["KINDS", "PlannedOperation", "read_plans"]


def read_plans(
    data: bytes, *, theatre: Bounds | None = None, air: Air | None = None, bytes_max: int = FILE_BYTES_MAX
) -> tuple[PlannedOperation, ...] | Refusal:
    """The operations of one document.

    With `theatre`, the charter's bounds, every place is held against them (swapped, outside) and one datum operation is
    chosen for all of it. `air` is the range of the air for flight levels where a plan declares none.
    """
    document = decode(data, bytes_max)
    if isinstance(document, Refusal):
        return document
    book = Book()
    top = Field(document, "", book)
    if isinstance(document, dict) and "type" in document:
        pieces = geojson.read_document(top, theatre, air)
    elif isinstance(document, list) or (isinstance(document, dict) and f3548.MEMBERS & document.keys()):
        pieces = f3548.read_document(top, theatre)
    else:
        limit = "a GeoJSON Feature or FeatureCollection, or F3548-21 JSON (" + ", ".join(sorted(f3548.MEMBERS)) + ")"
        return refuse(Reason.MALFORMED, "", limit, data[:40].decode("utf-8", "replace"))
    return book.first() or put_together(pieces)
