"""Read a month from the published marts and lay it out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import duckdb
import jinja2
import yaml

from leadmill.errors import InputError
from leadmill.settings import Home
from serving.monthly_pack import charts
from serving.monthly_pack.formats import filters
from serving.tables import open_marts

Language = Literal["en", "ja"]
Row = dict[str, Any]

_HERE = Path(__file__).parent


class Pack(NamedTuple):
    """A pack: the first day of its month, and one HTML page that needs nothing from outside."""

    month_on: date
    html: str


def make(home: Home, month: date | None, language: Language) -> Pack:
    """Return the pack of a month.

    Args:
        home: The data home.
        month: Any day of the month; None is the last month that had ended by the marts' as_of.
        language: Of all words and of names that the marts have in both.

    Raises:
        InputError: nothing is published yet, or the marts hold no number of that month.
    """
    with open_marts(home) as connection:
        month_on = (month or _last_ended(connection)).replace(day=1)
        rows = {
            path.stem: _read(connection, path, month_on, language) for path in sorted((_HERE / "queries").glob("*.sql"))
        }
    if not rows["kpis"]:
        raise InputError(
            f"the published marts hold no number of {month_on:%Y-%m}; `leadmill kpi` shows the latest months"
        )
    words = _words(language)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "pages"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= filters(language)
    html = environment.get_template("pack.html").render(
        language=language,
        month_on=month_on,
        t=words,
        style=(_HERE / "style.css").read_text("utf-8"),
        chart=_drawer(rows, words),
        **rows,
    )
    return Pack(month_on, html)


def _last_ended(connection: duckdb.DuckDBPyConnection) -> date:
    [(month,)] = connection.execute(
        """
        select date_trunc('month', timezone(business_timezone, timezone('UTC', as_of))::date - interval 1 month)::date
        from marts.mart_run
        """
    ).fetchall()
    return date.fromisoformat(str(month))


def _read(connection: duckdb.DuckDBPyConnection, path: Path, month_on: date, language: Language) -> list[Row]:
    sql = path.read_text("utf-8")
    given = {"month_on": month_on, "language": language}
    used = {name: value for name, value in given.items() if f"${name}" in sql}
    connection.execute(sql, used)
    names = [column[0] for column in connection.description or ()]
    return [dict(zip(names, row, strict=True)) for row in connection.fetchall()]


def _drawer(rows: dict[str, list[Row]], words: dict[str, str]) -> Callable[[str], str]:
    """Return what a page calls to draw the chart of that name from its rows; '' where there is nothing to draw."""

    def draw(name: str) -> str:
        return charts.svg(charts.CHARTS[name](rows[name], words)) if rows[name] else ""

    return draw


@cache
def _words(language: Language) -> dict[str, str]:
    texts = yaml.safe_load((_HERE / "texts.yml").read_text("utf-8"))
    return {key: found[language] for key, found in texts.items()}
