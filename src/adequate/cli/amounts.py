"""Amounts as people write them on a command line: 5MB, 1.5ms, 7d, 5%."""

from __future__ import annotations

import re
from typing import Any

import click

BYTES = {"b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
SMALL = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3}
SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


class Amount(click.ParamType[float]):
    """A number above 0 with one of some units.

    Args:
        name: what it is an amount of.
        units: by name in lower case, how many bytes or seconds each is.
    """

    def __init__(self, name: str, units: dict[str, float], example: str) -> None:
        self.name = name
        self.units = units
        self.example = example

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """In bytes, or in seconds; or a usage error."""
        found = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([a-zµμ]+)\s*", str(value).lower())
        if found is None or found[2] not in self.units or float(found[1]) <= 0:
            units = ", ".join(dict.fromkeys(self.units))
            self.fail(f"{value!r} is no {self.name}: write a number and a unit, {self.example} ({units})", param, ctx)
        return float(found[1]) * self.units[found[2]]


class Share(click.ParamType[float]):
    """A share of requests, 5% or 0.05, as a fraction in [0, 1].

    Args:
        none: whether it may be 0.
    """

    name = "share"

    def __init__(self, *, none: bool = False) -> None:
        self.none = none

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The fraction, or a usage error."""
        text = str(value).strip()
        try:
            found = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            self.fail(f"{text!r} is no share of requests; say 5% or 0.05", param, ctx)
        if not (0 <= found <= 1) or (found == 0 and not self.none):
            least = "" if self.none else "more than none, and "
            meant = f"; {text}% is said with its sign" if 1 < found <= 100 else ""
            self.fail(f"{text} of requests: it has to be {least}at most 100%{meant}", param, ctx)
        return found


SIZE = Amount("size", BYTES, "as 5MB")
TIME = Amount("time", SMALL | SECONDS, "as 1ms or 10m")
SPAN = Amount("length of time", SECONDS | {"d": 86_400.0}, "as 10s or 7d")
