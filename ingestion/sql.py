"""Texts in SQL."""

from __future__ import annotations


def literal(text: str) -> str:
    """Return an SQL text literal."""
    return "'" + text.replace("'", "''") + "'"
