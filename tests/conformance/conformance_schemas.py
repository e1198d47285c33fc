"""The published OpenAPI files of both standards, where they are at hand.

The environment variable WIDEBERTH_STANDARDS names a folder with `f3548-21-utm.yaml` and `f3411-22a-remoteid.yaml` as
they were published (astm-utm/Protocol cb7cf96, uastech/standards dd4016b). They state no licence, so they are no part
of this project; without them answers are held against the types of `uas_standards` alone.
"""

import os
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

FOLDER: Final = os.environ.get("WIDEBERTH_STANDARDS", "")
FILES: Final = {"f3548": "f3548-21-utm.yaml", "f3411": "f3411-22a-remoteid.yaml"}
MISSING: Final = "WIDEBERTH_STANDARDS names no folder with the published OpenAPI files"


def at_hand() -> bool:
    """Whether there are published files to validate against."""
    return bool(FOLDER) and all((Path(FOLDER) / name).is_file() for name in FILES.values())


@cache
def document(standard: str) -> dict[str, Any]:
    """A published file, but for two slips: its patterns stand in folded scalars, where a doubled backslash stays so,
    and an exchange of F3548-21 requires `request_source`, which it does not define (`recorder_role` it does)."""
    found: dict[str, Any] = yaml.safe_load((Path(FOLDER) / FILES[standard]).read_text())
    for schema in found["components"]["schemas"].values():
        if isinstance(schema.get("pattern"), str):
            schema["pattern"] = schema["pattern"].replace("\\\\", "\\")
        if "required" in schema and "properties" in schema:
            schema["required"] = [name for name in schema["required"] if name in schema["properties"]]
    return found


@cache
def validator(standard: str, name: str) -> Draft4Validator:
    """What validates a schema of a file. OpenAPI 3.0 has the words of draft 4 where these files use them."""
    whole = Resource(contents=document(standard), specification=DRAFT4)
    registry: Registry[Any] = Registry().with_resource(f"urn:{standard}", whole)
    return Draft4Validator({"$ref": f"urn:{standard}#/components/schemas/{name}"}, registry=registry)


def complaints(standard: str, name: str, raw: Any) -> list[str]:
    """What the published schema says against a document; nothing where the files are not at hand."""
    if not at_hand():
        return []
    return [f"{error.json_path}: {error.message}" for error in validator(standard, name).iter_errors(raw)]
