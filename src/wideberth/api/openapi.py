"""What the node serves, as OpenAPI 3.1, made from the table of endpoints and the types of their answers.

In:  the table. Out: one document (OpenAPI 3.1.0, JSON Schema 2020-12); nothing in it is written by hand twice.
"""

import re
from typing import Any, Final

import msgspec

from wideberth.api.own import NOT_CERTIFIED, VERSION
from wideberth.api.problem import MEDIA, Problem
from wideberth.api.routes import JSON, Endpoint

REF: Final = "#/components/schemas/{name}"
SECURITY: Final = [{"session": list[str]()}]
STATUSES: Final = {
    "400": "The request cannot be taken as it is",
    "401": "A session is needed, or a signature does not fit",
    "403": "This is not the sender's to do",
    "404": "There is no such thing, or it is not yours to see",
    "408": "The body did not come in time",
    "409": "It does not fit what stands",
    "413": "The body is too large",
    "415": "The body is of another kind",
    "429": "Too many at once, or an allowance is used up",
    "500": "A command was set aside, or the node met a fault of its own",
    "503": "The node does not decide just now",
}
BODILESS: Final = ("408", "413", "415")


def document(endpoints: tuple[Endpoint, ...]) -> dict[str, Any]:
    """The whole document."""
    types = [Problem, *(t for e in endpoints for t in (e.answer, e.body) if t is not None)]
    schemas, components = msgspec.json.schema_components(types, ref_template=REF)
    found = dict(zip((repr(t) for t in types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, found)
    return {
        "openapi": "3.1.0",
        "info": {"title": "wideberth", "version": VERSION, "description": NOT_CERTIFIED},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"session": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    operation_id = re.sub(r"[^a-z0-9]+", "_", endpoint.name.lower()).strip("_")
    answer: dict[str, Any] = {"type": "string"} if endpoint.answer is None else schemas[repr(endpoint.answer)]
    said: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": operation_id,
        "parameters": _parameters(endpoint),
        "responses": {
            "200": {"description": endpoint.summary, "content": {endpoint.kind: {"schema": answer}}},
            **_problems(endpoint, schemas[repr(Problem)]),
        },
        "security": SECURITY if endpoint.session else [],
    }
    if endpoint.body is not None:
        body = schemas[repr(endpoint.body)]
        said["requestBody"] = {"required": True, "content": {kind: {"schema": body} for kind in endpoint.body_kinds}}
    return said


def _problems(endpoint: Endpoint, schema: dict[str, Any]) -> dict[str, Any]:
    told = {status: what for status, what in STATUSES.items() if endpoint.body is not None or status not in BODILESS}
    return {status: {"description": what, "content": {MEDIA: {"schema": schema}}} for status, what in told.items()}


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if endpoint.has_id:
        schema = {"type": "string", "format": "uuid"}
        rows.append({"name": "id", "in": "path", "required": True, "schema": schema})
    for query in endpoint.query:
        row = {"name": query.name, "in": "query", "required": query.required, "schema": query.schema}
        rows.append({**row, "description": query.what})
    return rows


__all__ = ["JSON", "document"]
