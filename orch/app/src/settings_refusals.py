"""What is wrong with a configuration, said so that a person can mend it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.inspect import (
    BoolType,
    DictType,
    FloatType,
    IntType,
    ListType,
    LiteralType,
    Metadata,
    NoneType,
    StrType,
    StructType,
    Type,
    UnionType,
    type_info,
)

from contracts.codec import unknown_key_message
from orch.app.src.settings import Settings

Place = tuple[str, ...]
"""Keys on the way to a value, from the top."""

_WHERE = re.compile(r" - at .*`\$\.?(?P<path>[^`]*)`\Z")
"""How msgspec says where a value is: `$.processing.workers[...]`."""


@dataclass(frozen=True)
class Refusal:
    """What is wrong, and where."""

    place: Place
    message: str


def refusal(document: Mapping[str, Any], error: msgspec.ValidationError) -> Refusal:
    """What is wrong with a document, of which not all may be there.

    Args:
        error: what msgspec says of it.
    """
    unknown = list(_unknown_keys(document, type_info(Settings)))
    if unknown:
        place, known = unknown[0]
        parent = ".".join(place[:-1]) or "top level"
        more = f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        return Refusal(place, unknown_key_message(place[-1], known, parent) + more)
    text = str(error)
    found = _WHERE.search(text)
    place = tuple(re.findall(r"\w+", re.sub(r"\[.*", "", found["path"]))) if found else ()
    if isinstance(error.__cause__, ValueError):  # a section's own check; its text begins with the key
        key, _, message = str(error.__cause__).partition(": ")
        return Refusal((*place, key), f"{'.'.join((*place, key))}: {message}")
    value, kind = _at(document, place)
    given = json.dumps(value, default=str)
    return Refusal(place, f"{'.'.join(place)}: should be {_expected(kind)}, got {given}")


def _unknown_keys(value: object, kind: Type, above: Place = ()) -> Iterator[tuple[Place, list[str]]]:
    """Keys that are not known, each with those that are."""
    kind = _bare(kind)
    if isinstance(kind, UnionType):
        for option in kind.types:
            yield from _unknown_keys(value, option, above)
    if not isinstance(value, Mapping):
        return
    known = _known_keys(kind)
    for key, inner in value.items() if known else ():
        if key in known:
            yield from _unknown_keys(inner, known[key], (*above, key))
        else:
            yield (*above, str(key)), list(known)


def _known_keys(kind: Type) -> dict[str, Type]:
    """Keys of an object with the types of their values; empty where it is none, or takes any."""
    if isinstance(kind, StructType):
        return {field.encode_name: field.type for field in kind.fields}
    if isinstance(kind, DictType) and isinstance(kind.key_type, LiteralType):
        return {str(name): kind.value_type for name in kind.key_type.values}
    return {}


def _bare(kind: Type) -> Type:
    return _bare(kind.type) if isinstance(kind, Metadata) else kind


def _at(document: object, place: Place) -> tuple[object, Type]:
    """The value at a place of a document without unknown keys, and the type that is expected there."""
    kind = _bare(type_info(Settings))
    for key in place:
        assert isinstance(document, Mapping)
        document, kind = document[key], _bare(_known_keys(kind)[key])
    return document, kind


def _expected(kind: Type) -> str:
    """In words, as in: should be a number > 0 and <= 10000."""
    kind = _bare(kind)
    if isinstance(kind, UnionType):
        return " or ".join(dict.fromkeys(map(_expected, kind.types)))
    if isinstance(kind, LiteralType):
        return " or ".join(map(json.dumps, kind.values))
    if isinstance(kind, (IntType, FloatType)):
        name = "a whole number" if isinstance(kind, IntType) else "a number"
        limits = {">": kind.gt, ">=": kind.ge, "<": kind.lt, "<=": kind.le}
        told = [f"{sign} {limit}" for sign, limit in limits.items() if limit is not None]
        return " ".join([name, " and ".join(told)]).strip()
    if isinstance(kind, ListType):
        least = f" of at least {kind.min_length}" if kind.min_length else ""
        return f"a list{least}, each {_expected(kind.item_type)}"
    if isinstance(kind, DictType):
        return f"an object, with each value {_expected(kind.value_type)}"
    names = {BoolType: "true or false", StrType: "a string", NoneType: "null"}
    return names.get(type(kind), "an object")
