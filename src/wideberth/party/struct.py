"""The common form of what is said, decided and kept.

In:  fields. Out: a value: frozen, an array on the wire, of known fields alone.
Refuses (msgspec.ValidationError, on decoding): what has other fields or other types.

A value is made of older values and is never in a cycle, so Python's collector has nothing to find in it and is told so
(`gc=False`): it would look at millions of them, and everybody's answer would wait meanwhile.
"""

import msgspec


class Struct(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Frozen, positional, no unknown fields."""
