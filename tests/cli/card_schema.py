# SPDX-License-Identifier: GPL-3.0-or-later
"""Report cards against their schemas in data/."""

import re


def check_schema(schema, value, root=None, path="$"):
    """As much of JSON Schema as ours uses."""
    root = root or schema
    if "$ref" in schema:
        return check_schema(root["$defs"][schema["$ref"].rsplit("/", 1)[1]], value, root, path)
    if "enum" in schema:
        assert value in schema["enum"], f"{path}: {value}"
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}
    if "type" in schema:
        assert isinstance(value, kinds[schema["type"]]), f"{path}: {value}"
    if "pattern" in schema:
        assert re.search(schema["pattern"], value), f"{path}: {value}"
    assert not isinstance(value, int) or value >= schema.get("minimum", value), f"{path}: {value}"
    if isinstance(value, dict):
        for name in schema.get("required", []):
            assert name in value, f"{path}: no {name}"
        for name, member in value.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if inner is not None:
                check_schema(inner, member, root, f"{path}.{name}")
    if isinstance(value, list):
        for i, item in enumerate(value):
            check_schema(schema.get("items", {}), item, root, f"{path}[{i}]")
