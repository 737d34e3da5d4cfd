"""Shapes of JSON: which keys are there, always or sometimes, and of which types. Pure."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

_TYPES = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    Decimal: "number",
    type(None): "null",
}


@dataclass
class Key:
    """One key path. ``Line[SalesItemLineDetail]`` is an element of ``Line`` with that DetailType."""

    types: set[str] = field(default_factory=set)
    times: int = 0
    parents: int = 0
    """How many objects could have had it."""

    @property
    def always(self) -> bool:
        return self.times == self.parents

    def __str__(self) -> str:
        return "/".join(sorted(self.types)) + ("" if self.always else "?")


Shape = dict[str, Key]


def shape_of(document: Any) -> Shape:
    """Every key path of a JSON document."""
    shape: Shape = {}
    objects: dict[str, int] = {}

    def walk(value: Any, path: str) -> None:
        if isinstance(value, dict):
            objects[path] = objects.get(path, 0) + 1
            for name, inner in value.items():
                inner_path = f"{path}.{name}" if path else name
                key = shape.setdefault(inner_path, Key())
                key.types.add(_TYPES[type(inner)])
                key.times += 1
                walk(inner, inner_path)
        elif isinstance(value, list):
            for inner in value:
                kind = inner.get("DetailType", "") if isinstance(inner, dict) else _TYPES[type(inner)]
                element = f"{path}[{kind}]"
                shape.setdefault(element, Key(times=1, parents=1)).types.add(_TYPES[type(inner)])
                walk(inner, element)

    walk(document, "")
    for path, key in shape.items():
        if not path.endswith("]"):
            key.parents = objects[_parent(path)]
    return shape


def _parent(path: str) -> str:
    return path.rpartition(".")[0]


def write_shape(shape: Shape) -> list[str]:
    """One line an object or list element: its path and its keys with their types; "?": may be absent."""
    objects: dict[str, list[str]] = {"": []}
    for path, key in shape.items():
        if path.endswith("]"):
            objects.setdefault(path, [])
            continue
        objects.setdefault(_parent(path), []).append(f"{path.rpartition('.')[2]} {key}")
    return [f"{path or '.'}: {', '.join(sorted(keys))}".rstrip() for path, keys in sorted(objects.items())]


def read_shape(lines: list[str]) -> Shape:
    """A shape as ``write_shape`` writes it."""
    shape: Shape = {}
    for line in lines:
        path, _, keys = line.partition(":")
        if path.endswith("]"):
            kind = path[path.rindex("[") + 1 : -1]
            shape[path] = Key({kind if kind in _TYPES.values() else "object"}, times=1, parents=1)
        for entry in filter(None, keys.strip().split(", ")):
            name, types = entry.split(" ")
            parents = 2 if types.endswith("?") else 1
            inner = name if path == "." else f"{path}.{name}"
            shape[inner] = Key(set(types.rstrip("?").split("/")), times=1, parents=parents)
    return shape


def differences(expected: Shape, seen: Shape) -> list[str]:
    """What ``seen`` lacks, has too much, or has in another type; below the first difference nothing is said."""
    parents = {_parent(path) for path in expected} & {_parent(path) for path in seen}
    found = []
    for path, key in expected.items():
        if _parent(path) not in parents:
            continue
        if path not in seen:
            if key.always:
                found.append(f"lacks {path}")
        elif not seen[path].types <= key.types:
            found.append(f"type {path} is {seen[path]}, not {key}")
        elif key.always and not seen[path].always:
            found.append(f"sometimes lacks {path}")
    found += [f"has {path}" for path in seen if path not in expected and _parent(path) in parents and path]
    return found


def faults_in(document: Any) -> list[str]:
    """Every refusal in an answer: type, then code, element and message of each error."""
    found: list[str] = []
    if isinstance(document, list):
        for inner in document:
            found += faults_in(inner)
    elif isinstance(document, dict):
        if isinstance(fault := document.get("Fault") or document.get("fault"), dict):
            for error in fault.get("Error") or fault.get("error") or ():
                told = {name.lower(): value for name, value in error.items()}
                element = told.get("element") or "-"
                found.append(f"{fault['type']} {told['code']} {element} {told['message']}")
        for inner in document.values():
            found += faults_in(inner)
        if set(document) >= {"error"} and isinstance(document["error"], str):
            found.append(f"{document['error']} {document.get('error_description', '-')}")
    return found
