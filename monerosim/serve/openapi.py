"""The description of the API in OpenAPI 3.1, made of its operations."""

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

import msgspec

from monerosim.serve.operation import Operation, Problem

_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
_REFERENCE = "#/components/schemas/{name}"


def describe(operations: Iterable[Operation]) -> dict[str, Any]:
    """Return the description as JSON has it."""
    operations = tuple(operations)
    types = [it.answer for it in operations if it.answer is not None] + [it.body for it in operations if it.body]
    schemas, components = msgspec.json.schema_components([*types, Problem], ref_template=_REFERENCE)
    by_type = dict(zip(map(repr, types), schemas, strict=False))
    paths: dict[str, dict[str, Any]] = {}
    for it in operations:
        path = _PARAMETER.sub(r"{\1}", it.path)
        paths.setdefault(path, {})[it.method.lower()] = _operation(it, by_type)
    return {
        "openapi": "3.1.0",
        "info": {"title": "monerosim", "version": version("monerosim")},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(it: Operation, by_type: dict[str, Any]) -> dict[str, Any]:
    answer = by_type.get(repr(it.answer), {}) if it.answer is not None else {}
    content = {media: {"schema": answer if media == "application/json" else {"type": "string"}} for media in it.media}
    problem = {"application/json": {"schema": {"$ref": _REFERENCE.format(name="Problem")}}}
    described: dict[str, Any] = {
        "summary": it.summary,
        "parameters": [*_path_parameters(it.path), *_query_parameters(it.query)],
        "responses": {
            "200": {"description": "Done.", "content": content},
            "default": {"description": "Refused.", "content": problem},
        },
    }
    if it.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": by_type[repr(it.body)]}},
        }
    if it.needs is not None:
        described["security"] = [{"token": []}]
        described["responses"]["202"] = {"description": "Taken, and not answered yet.", "content": content}
    return described


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(path)
    ]


def _query_parameters(query: type[msgspec.Struct]) -> list[dict[str, Any]]:
    _, components = msgspec.json.schema_components([query])
    schema = components[query.__name__]
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": part}
        for name, part in schema.get("properties", {}).items()
    ]
