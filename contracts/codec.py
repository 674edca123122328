"""Strict conversion between frozen dataclasses and JSON objects.

The dataclass is the single source: `from_dict` refuses unknown keys, missing keys and wrong types
and names the place; `to_dict` writes plain JSON values; `json_schema` reads the same annotations.
"""

from __future__ import annotations

import dataclasses
import difflib
import itertools
import math
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

T = TypeVar("T")

JsonValue = Any
"""Any JSON value; used where a stage's own numbers are passed through unread."""


class ContractError(ValueError):
    """A document does not match its dataclass; the message names the place and the mend."""


@cache
def type_hints(cls: type) -> dict[str, Any]:
    """Resolved annotations of a dataclass, cached because resolving them is slow."""
    return typing.get_type_hints(cls)


@cache
def _fields(cls: type) -> Mapping[str, dataclasses.Field[Any]] | None:
    """Fields of a dataclass by name, None for another class."""
    if not dataclasses.is_dataclass(cls):
        return None
    return {field.name: field for field in dataclasses.fields(cls)}


@cache
def _parts(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """Origin and arguments of an annotation, cached because a document asks for them a thousand times."""
    return get_origin(hint), get_args(hint)


def unknown_key_message(key: str, known: list[str], where: str) -> str:
    """One line for an unknown key, with the nearest right name where there is one."""
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(known))}"
    return f"{where}: unknown key {key!r}; {hint}"


def from_dict(cls: type[T], data: object, where: str = "") -> T:
    """Build `cls` from a decoded JSON object.

    Args:
        cls: a dataclass whose fields are annotated with JSON-like types.
        data: the decoded object.
        where: the place of `data` in its document, for messages ("request.items[0]").

    Raises:
        ContractError: unknown key, missing key or wrong type; the message starts with the place.
    """
    where = where or cls.__name__
    if not isinstance(data, Mapping):
        raise ContractError(f"{where}: expected an object, got {_name(data)}")
    fields = _fields(typing.cast(Any, cls)) or {}
    for key in data:
        if key not in fields:
            raise ContractError(unknown_key_message(str(key), list(fields), where))
    hints = type_hints(typing.cast(Any, cls))
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in data:
            values[name] = _decode(hints[name], data[name], f"{where}.{name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ContractError(f"{where}: missing key {name!r}")
    try:
        return cls(**values)
    except ContractError:
        raise
    except ValueError as error:  # a __post_init__ that refuses a range
        raise ContractError(f"{where}: {error}") from error


def to_dict(value: Any) -> Any:
    """Turn a dataclass (nested, with tuples) into plain JSON values; tuples become lists."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ContractError("NaN and infinity cannot be written as JSON")
        return value
    fields = _fields(typing.cast(Any, kind))
    if fields is not None:
        return {name: to_dict(getattr(value, name)) for name in fields}
    if isinstance(value, Mapping):
        return {str(k): to_dict(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        if value and type(value[0]) is tuple and _are_points(value, len(value[0])):
            return list(map(list, value))
        return [to_dict(v) for v in value]
    return value


def _decode(hint: Any, value: Any, where: str) -> Any:
    if hint is Any:
        return value
    origin, args = _parts(hint)
    if origin is Literal:
        if value not in args:
            raise ContractError(f"{where}: {value!r} is none of {', '.join(map(repr, args))}")
        return value
    if origin in (Union, types.UnionType):
        return _decode_union(hint, value, where)
    if origin in (list, tuple):
        return _decode_sequence(hint, value, where)
    if origin in (dict, Mapping) or hint is dict:
        if not isinstance(value, Mapping):
            raise ContractError(f"{where}: expected an object, got {_name(value)}")
        inner = args[1] if args else Any
        return {str(k): _decode(inner, v, f"{where}.{k}") for k, v in value.items()}
    if origin is None and _fields(hint) is not None:
        return from_dict(typing.cast(type, hint), value, where)
    return _decode_scalar(hint, value, where)


def _decode_union(hint: Any, value: Any, where: str) -> Any:
    _, options = _parts(hint)
    if value is None and type(None) in options:
        return None
    errors = []
    for option in options:
        if option is type(None):
            continue
        try:
            return _decode(option, value, where)
        except ContractError as error:
            errors.append(str(error))
    raise ContractError(errors[0])


def _decode_sequence(hint: Any, value: Any, where: str) -> Any:
    dimensions = _point_dimensions(hint)
    if dimensions and _are_points(value, dimensions):
        return tuple(map(tuple, value))
    origin, args = _parts(hint)
    if not isinstance(value, (list, tuple)):
        raise ContractError(f"{where}: expected a list, got {_name(value)}")
    if origin is tuple and args and args[-1] is not Ellipsis:
        if len(value) != len(args):
            raise ContractError(f"{where}: expected {len(args)} values, got {len(value)}")
        return tuple(_decode(a, v, f"{where}[{i}]") for i, (a, v) in enumerate(zip(args, value)))
    return origin(_decode(args[0], v, f"{where}[{i}]") for i, v in enumerate(value))


@cache
def _point_dimensions(hint: Any) -> int:
    """n of `tuple[tuple[float, ...n times], ...]`, 0 for any other annotation."""
    args = get_args(hint)
    if get_origin(hint) is not tuple or len(args) != 2 or args[1] is not Ellipsis:
        return 0
    inner = get_args(args[0])
    return len(inner) if get_origin(args[0]) is tuple and set(inner) == {float} else 0


def _are_points(value: object, dimensions: int) -> bool:
    """Whether this is nothing but points of finite floats, in lists or in tuples: a mesh has 478 of them,
    so it is checked as a whole; what this does not take is looked at value by value."""
    kind = type(value)
    if kind not in (list, tuple):
        return False
    points = typing.cast(list[Any], value)
    if not set(map(type, points)) <= {kind} or not set(map(len, points)) <= {dimensions}:
        return False
    flat = list(itertools.chain.from_iterable(points))
    return set(map(type, flat)) <= {float} and all(map(math.isfinite, flat))


def _decode_scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint is float and isinstance(value, float) and not math.isfinite(value):
        raise ContractError(f"{where}: expected a finite number")
    if hint is int and isinstance(value, bool):
        raise ContractError(f"{where}: expected int, got bool")
    if not isinstance(value, hint):
        raise ContractError(f"{where}: expected {hint.__name__}, got {_name(value)}")
    return value


def _name(value: object) -> str:
    return "null" if value is None else type(value).__name__
