"""Data as text: tables, JSON, YAML."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_YAML_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def print_data(data: Any, output: str) -> None:
    """Print plain `data` as `json` or `yaml`."""
    print(to_yaml(data) if output == "yaml" else json.dumps(data, indent=2))


def table(rows: Sequence[Sequence[str]]) -> str:
    """`rows` with their columns aligned to the left, two blanks apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def to_yaml(data: Any) -> str:
    """Plain `data` (what JSON can hold) as YAML in block style.

    Every string is in double quotes, so that no version of YAML takes one for a number, a truth value or a date.
    """
    return "\n".join(_yaml_lines(data))


def _yaml_lines(data: Any) -> list[str]:
    if isinstance(data, dict) and data:
        return [line for key, value in data.items() for line in _yaml_item(f"{_yaml_key(str(key))}:", value)]
    if isinstance(data, list) and data:
        return [line for value in data for line in _yaml_entry(value)]
    return [_yaml_scalar(data)]


def _yaml_item(head: str, value: Any) -> list[str]:
    lines = _yaml_lines(value)
    if isinstance(value, dict | list) and value:
        return [head, *(f"  {line}" for line in lines)]
    return [f"{head} {lines[0]}"]


def _yaml_entry(value: Any) -> list[str]:
    first, *others = _yaml_lines(value)
    return [f"- {first}", *(f"  {line}" for line in others)]


def _yaml_key(key: str) -> str:
    plain = key.isascii() and key.replace("_", "a").isalnum() and key[0].isalpha()
    reserved = key.lower() in ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
    return key if plain and not reserved else _yaml_string(key)


def _yaml_scalar(value: Any) -> str:
    if isinstance(value, str):
        return _yaml_string(value)
    if isinstance(value, float):
        return _yaml_float(value)
    return json.dumps(value)


def _yaml_float(value: float) -> str:
    if value != value:
        return ".nan"
    if value in (float("inf"), float("-inf")):
        return ".inf" if value > 0 else "-.inf"
    mantissa, exponent, power = repr(value).partition("e")
    return f"{mantissa}{'' if '.' in mantissa else '.0'}{exponent}{power}"


def _yaml_string(text: str) -> str:
    return '"' + "".join(_yaml_character(character) for character in text) + '"'


def _yaml_character(character: str) -> str:
    if character in _YAML_ESCAPES:
        return _YAML_ESCAPES[character]
    code = ord(character)
    if 0x20 <= code < 0x7F:
        return character
    if 0xD800 <= code <= 0xDFFF:
        return "\\uFFFD"  # half of a character; YAML has no way to write it
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
