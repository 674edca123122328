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
from orch.app.src.settings import Settings, UnfitValueError, settings_of

Place = tuple[str | int, ...]
"""Keys and indices on the way to a value, from the top."""

_WHERE = re.compile(r" - at .*`\$\.?(?P<path>[^`]*)`\Z")
"""How msgspec says where a value is: `$.input.image_path[2]`, and `[...]` for an entry of a dict."""
_OBJECTS = (StructType, DictType)
_MOST_SHOWN = 100
"""Characters of a wrong value."""


@dataclass(frozen=True)
class Fault:
    """place: of the value, or of the key, that is refused. message: one line, which names it."""

    place: Place
    message: str


def first_fault(document: Mapping[str, Any], error: msgspec.ValidationError) -> Fault:
    """The first thing that is wrong with a document.

    Args:
        error: raised by `settings_of` for the document.
    """
    unknown = list(_unknown_keys(document, type_info(Settings)))
    if unknown:
        place, known = unknown[0]
        more = f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        return Fault(place, unknown_key_message(str(place[-1]), known, _name(place[:-1])) + more)
    place = _place(document, error)
    if isinstance(error.__cause__, UnfitValueError):
        place = (*place, error.__cause__.key)
        return Fault(place, f"{_name(place)}: {error.__cause__}")
    value, kind = _at(document, place)
    return Fault(place, f"{_name(place)}: should be {_expected(kind)}, got {_shown(value)}")


def _unknown_keys(value: object, kind: Type, above: Place = ()) -> Iterator[tuple[Place, list[str]]]:
    """Keys that are not known, each with those that are."""
    if not isinstance(value, Mapping):
        return
    known = _known_keys(_option(value, kind))
    for key, inner in value.items() if known else ():
        if key in known:
            yield from _unknown_keys(inner, known[key], (*above, key))
        else:
            yield (*above, str(key)), list(known)


def _known_keys(kind: Type) -> dict[str, Type]:
    """Keys of an object with the types of their values; empty where it is none."""
    if isinstance(kind, StructType):
        return {field.encode_name: field.type for field in kind.fields}
    if isinstance(kind, DictType) and isinstance(kind.key_type, LiteralType):
        return {str(name): kind.value_type for name in kind.key_type.values}
    return {}


def _bare(kind: Type) -> Type:
    return _bare(kind.type) if isinstance(kind, Metadata) else kind


def _option(value: object, kind: Type) -> Type:
    """Of several types the one that an object or a list must be meant for; of one type that."""
    kind = _bare(kind)
    if isinstance(kind, UnionType):
        meant = _OBJECTS if isinstance(value, Mapping) else (ListType,) if isinstance(value, list) else ()
        for option in map(_bare, kind.types):
            if isinstance(option, meant):
                return option
    return kind


def _place(document: Mapping[str, Any], error: msgspec.ValidationError) -> Place:
    found = _WHERE.search(str(error))
    place: Place = ()
    for name, index in re.findall(r"(\w+)|\[(\d+)\]", found["path"]) if found else ():
        place = (*place, int(index) if index else name)
    entries, _ = _at(document, place)
    if found and found["path"].endswith("[...]") and isinstance(entries, Mapping):
        bad = [key for key in entries if _is_refused(place, {key: entries[key]})]
        place = (*place, *bad[:1])
    return place


def _is_refused(place: Place, value: object) -> bool:
    document: Any = value
    for key in reversed(place):
        document = {key: document}
    try:
        settings_of(document)
    except msgspec.ValidationError:
        return True
    return False


def _at(document: object, place: Place) -> tuple[object, Type]:
    """The value at a place of a document without unknown keys, and the type that is expected there."""
    kind: Type = type_info(Settings)
    for key in place:
        kind = _option(document, kind)
        if isinstance(document, Mapping):
            document, kind = document[key], _known_keys(kind)[str(key)]
        elif isinstance(document, list) and isinstance(kind, ListType):
            document, kind = document[int(key)], kind.item_type
    return document, kind


def _expected(kind: Type) -> str:
    """In words, as in: should be a number > 0 and <= 10000."""
    kind = _bare(kind)
    if isinstance(kind, UnionType):
        nothing_first = sorted(map(_bare, kind.types), key=lambda option: not isinstance(option, NoneType))
        return " or ".join(dict.fromkeys(map(_expected, nothing_first)))
    if isinstance(kind, LiteralType):
        return " or ".join(f'"{value}"' for value in kind.values)
    if isinstance(kind, (IntType, FloatType)):
        name = "a whole number" if isinstance(kind, IntType) else "a number"
        limits = {">": kind.gt, ">=": kind.ge, "<": kind.lt, "<=": kind.le}
        told = [f"{sign} {_number(limit)}" for sign, limit in limits.items() if limit is not None]
        return " ".join([name, " and ".join(told)]).strip()
    if isinstance(kind, ListType):
        least = f" of at least {kind.min_length}" if kind.min_length else ""
        return f"a list{least}, each {_expected(kind.item_type)}"
    if isinstance(kind, DictType):
        return f"an object, with each value {_expected(kind.value_type)}"
    names = {BoolType: "true or false", StrType: "a string", NoneType: "null"}
    return names.get(type(kind), "an object")


def _name(place: Place) -> str:
    """ "input.image_path[2]"."""
    parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in place)
    return "".join(parts).removeprefix(".") or "top level"


def _number(limit: float) -> str:
    return str(int(limit) if limit == int(limit) else limit)


def _shown(value: object) -> str:
    text = json.dumps(value, default=repr)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]} ..."
