"""What the node serves, as OpenAPI 3.1, made from the table of endpoints and the types of their answers.

In:  the tables of endpoints and of doors. Out: one document (OpenAPI 3.1.0, JSON Schema 2020-12); nothing in it is
written by hand twice.
"""

import re
from typing import Any, Final

import msgspec

from wideberth.api.own import NOT_CERTIFIED, VERSION
from wideberth.api.problem import MEDIA, Problem
from wideberth.api.routes import JSON, SENDER, Endpoint
from wideberth.api.standard_door import Door
from wideberth.api.standard_forms import AirspaceConflictResponse, Error

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


def document(endpoints: tuple[Endpoint, ...], doors: tuple[Door, ...] = ()) -> dict[str, Any]:
    """The whole document; `doors` of the standards where they are open."""
    wanted = [t for e in endpoints for t in (e.answer, e.body)] + [t for d in doors for t in (d.answer, d.body)]
    errors = (Error, AirspaceConflictResponse) if doors else ()
    types = list(dict.fromkeys([Problem, *errors, *(t for t in wanted if t is not None)]))
    schemas, components = msgspec.json.schema_components(types, ref_template=REF)
    found = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, found)
    for door in doors:
        paths.setdefault(door.path, {})[door.method.lower()] = _door(door, found)
    security = {"session": {"type": "http", "scheme": "bearer"}}
    if doors:
        security["supplier"] = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "wideberth", "version": VERSION, "description": NOT_CERTIFIED},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": security},
    }


def _id(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _operation(endpoint: Endpoint, schemas: dict[Any, Any]) -> dict[str, Any]:
    operation_id = _id(endpoint.name)
    answer: dict[str, Any] = {"type": "string"} if endpoint.answer is None else schemas[endpoint.answer]
    said: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": operation_id,
        "parameters": _parameters(endpoint),
        "responses": {
            "200": {"description": endpoint.summary, "content": {endpoint.kind: {"schema": answer}}},
            **_problems(endpoint, schemas[Problem]),
        },
        "security": SECURITY if endpoint.session else [],
    }
    if endpoint.body is not None:
        body = schemas[endpoint.body]
        said["requestBody"] = {"required": True, "content": {kind: {"schema": body} for kind in endpoint.body_kinds}}
    return said


def _problems(endpoint: Endpoint, schema: dict[str, Any]) -> dict[str, Any]:
    told = {status: what for status, what in STATUSES.items() if endpoint.body is not None or status not in BODILESS}
    return {status: {"description": what, "content": {MEDIA: {"schema": schema}}} for status, what in told.items()}


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if "{sender}" in endpoint.path:
        rows.append({"name": "sender", "in": "path", "required": True, "schema": SENDER})
    if endpoint.has_id:
        schema = {"type": "string", "format": "uuid"}
        rows.append({"name": "id", "in": "path", "required": True, "schema": schema})
    for query in endpoint.query:
        row = {"name": query.name, "in": "query", "required": query.required, "schema": query.schema}
        rows.append({**row, "description": query.what})
    return rows


def _door(door: Door, schemas: dict[Any, Any]) -> dict[str, Any]:
    """One door; every refusal of it has the standards' form."""
    names = re.findall(r"{(\w+)}", door.path)
    string = {"type": "string"}
    params = [{"name": name, "in": "path", "required": True, "schema": string} for name in names]
    params += [{"name": name, "in": "query", "required": name == "area", "schema": string} for name in door.query]
    good: dict[str, Any] = {"description": door.summary}
    if door.answer is not None:
        good["content"] = {JSON: {"schema": schemas[door.answer]}}
    refused = {"description": "Refused: `message` says why", "content": {JSON: {"schema": schemas[Error]}}}
    conflict = {"anyOf": [schemas[Error], schemas[AirspaceConflictResponse]]}
    said: dict[str, Any] = {
        "summary": door.summary,
        "operationId": _id(door.name),
        "parameters": params,
        "responses": {
            str(door.status): good,
            "409": {"description": STATUSES["409"], "content": {JSON: {"schema": conflict}}},
            "default": refused,
        },
        "security": [{"supplier": sorted(scopes)} for scopes in door.scopes] or ([{"supplier": []}] * door.token),
    }
    if door.body is not None:
        said["requestBody"] = {"required": True, "content": {JSON: {"schema": schemas[door.body]}}}
    return said


__all__ = ["JSON", "document"]
