"""Frozen dataclasses to plain JSON data and back, by their annotations.

Handles what the model uses: nested dataclasses, enums, tuples, frozensets, dicts with string keys, optional values,
and plain str, int, float, bool. A member that is absent in the data takes the dataclass's default, so that a record
written by an older version can be read; an unknown member is dropped.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """`value` as dicts, lists, strings, numbers, booleans and None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: to_plain(getattr(value, name)) for name in _field_names(type(value))}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(to_plain(item) for item in value)
    return value


def from_plain(cls: type[T], data: Any) -> T:
    """An instance of the dataclass `cls` from what `to_plain` made of one.

    Raises ValueError when a member has a value that its annotation does not allow, or when one without a default is
    missing.
    """
    try:
        return typing.cast(T, _reader(typing.cast(Any, cls))(data))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not a {cls.__name__}: {error}") from error


@functools.cache
def _field_names(cls: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cls))


@functools.cache
def _reader(annotation: Any) -> Callable[[Any], Any]:
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        return _dataclass_reader(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (types.UnionType, typing.Union):
        return _optional_reader(arguments)
    if origin is tuple:
        item = _reader(arguments[0])
        return lambda data: tuple(item(each) for each in _expect(data, list))
    if origin is frozenset:
        item = _reader(arguments[0])
        return lambda data: frozenset(item(each) for each in _expect(data, list))
    if origin is dict:
        item = _reader(arguments[1])
        return lambda data: {key: item(each) for key, each in _expect(data, dict).items()}
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return annotation
    if annotation is float:
        return lambda data: float(_expect(data, (int, float)))
    if annotation in (str, int, bool):
        return lambda data: _expect(data, annotation)
    return lambda data: data


def _dataclass_reader(cls: type) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(cls)
    readers = {name: _reader(hints[name]) for name in _field_names(cls)}

    def read(data: Any) -> Any:
        members = _expect(data, dict)
        return cls(**{name: reader(members[name]) for name, reader in readers.items() if name in members})

    return read


def _optional_reader(arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    inner = [argument for argument in arguments if argument is not types.NoneType]
    if len(inner) != 1:
        raise TypeError(f"only optional unions are handled, not {arguments}")
    reader = _reader(inner[0])
    return lambda data: None if data is None else reader(data)


def _expect(data: Any, kind: Any) -> Any:
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is int):
        raise TypeError(f"{data!r} is not of type {getattr(kind, '__name__', kind)}")
    return data
