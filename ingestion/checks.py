"""Checks that settings share; their messages say what is allowed, the nearest name first."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from zoneinfo import available_timezones


def one_of(value: str, allowed: Collection[str], what: str) -> str:
    """Return `value` if it is allowed.

    Args:
        value: what was written.
        allowed: what may be written.
        what: what it is, for the message.

    Raises:
        ValueError: it is not allowed; the message names the nearest that is.
    """
    if value in allowed:
        return value
    near = get_close_matches(value, list(allowed), n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"unknown {what} {value!r}; {hint}allowed: {', '.join(sorted(allowed))}")


def known_timezone(value: str) -> str:
    """Return the name of a time zone.

    Raises:
        ValueError: there is no such zone.
    """
    if value not in available_timezones():
        raise ValueError(f"unknown time zone {value!r}; use a name such as Asia/Tokyo")
    return value


def as_text(value: str | int | float | bool) -> str:
    """Return a scalar of a YAML file as the text that a file would have: true, not True."""
    return str(value).lower() if isinstance(value, bool) else str(value)
