"""Numbers and rows as the pages show them: the template filters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal

Row = dict[str, Any]

EMPTY = "–"
_MINUTES_AN_HOUR, _MINUTES_A_DAY = 60, 1440
# How each unit is written, in English and in Japanese; what is not listed is a whole number.
_WRITTEN = {
    "ratio": ("{:.1%}", "{:.1%}"),
    "relative": ("{:.0%}", "{:.0%}"),
    "currency": ("{:,.0f}", "{:,.0f}"),
    "decimal": ("{:,.1f}", "{:,.1f}"),
    "percent": ("{:,.0f} %", "{:,.0f}％"),
    "seconds": ("{:,.0f} s", "{:,.0f}秒"),
    "minutes": ("{:,.0f} min", "{:,.0f}分"),
    "hours": ("{:,.1f} h", "{:,.1f}時間"),
    "days": ("{:,.1f} days", "{:,.1f}日"),
    "months": ("{:,.1f} months", "{:,.1f}か月"),
    "count": ("{:,.0f}", "{:,.0f}"),
}


def filters(language: Literal["en", "ja"]) -> dict[str, Callable[..., Any]]:
    """Return the filters `number`, `signed`, `compact`, `month` and `groupby_in_order` for a language."""
    chosen = 1 if language == "ja" else 0

    def number(value: float | None, unit: str = "count") -> str:
        if value is None:
            return EMPTY
        shown = float(value)
        if unit == "minutes" and abs(shown) >= _MINUTES_A_DAY:
            shown, unit = shown / _MINUTES_A_DAY, "days"
        elif unit == "minutes" and abs(shown) >= _MINUTES_AN_HOUR:
            shown, unit = shown / _MINUTES_AN_HOUR, "hours"
        return _WRITTEN[unit][chosen].format(shown)

    def signed(value: float | None, unit: str = "count") -> str:
        if value is None:
            return EMPTY
        sign = "+" if value > 0 else "−" if value < 0 else "±"
        return sign + number(abs(value), unit)

    def month(day: date) -> str:
        return f"{day.year}年{day.month}月" if language == "ja" else f"{day:%B %Y}"

    def compact(value: float | None) -> str:
        """Return a number of a unit that only the reader knows, with three significant digits below 1,000."""
        if value is None:
            return EMPTY
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004

    return {"number": number, "signed": signed, "compact": compact, "month": month, "groupby_in_order": _grouped}


def _grouped(rows: list[Row], column: str) -> list[tuple[Any, list[Row]]]:
    """Return neighbouring rows of one value together; unlike Jinja's own filter, in the order of the query."""
    return [(value, list(members)) for value, members in groupby(rows, itemgetter(column))]
