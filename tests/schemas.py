"""Checks JSON against the schemas that are shipped."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

from qa.schemas import schema


def assert_valid(data: object, kind: str) -> None:
    """Assert that data is as the schema says, and has no field that it does not describe."""
    Draft202012Validator(_closed(schema(kind))).validate(data)


def _closed(described: Any) -> Any:
    """Return a schema in which every object has only the properties that it names."""
    if isinstance(described, list):
        return [_closed(each) for each in described]
    if not isinstance(described, dict):
        return described
    closed = {key: _closed(value) for key, value in described.items()}
    if isinstance(closed.get("properties"), dict) and "required" in closed:
        closed["additionalProperties"] = False
    return closed
