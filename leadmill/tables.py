"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
import re
import shutil
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from identity.explanation import Explanation

Row = dict[str, Any]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # data must not steer the terminal

# What heads the table of KPIs: its title, the columns of names, targets and bands, and what explains it.
_KPI_WORDS = {
    "en": ("KPIs by month", "KPI", "target", "usual", "yellow: outside the usual band; target: of the latest month"),
    "ja": ("月次KPI", "指標", "目標", "目安", "黄色：目安の範囲外　目標：最新の月"),
}
_SUFFIXES = {"percent": "%", "seconds": "s", "days": "d", "months": "mo"}
_MINUTES_A_DAY = 1440
_MINUTES_AN_HOUR = 60
_STATUS_COLOUR = {"below": "yellow", "above": "yellow"}


def print_json(content: Any) -> None:  # noqa: ANN401
    """Print JSON for a program to read; times are ISO 8601 texts."""
    click.echo(json.dumps(content, default=str, ensure_ascii=False, indent=2))


def show(title: str, rows: list[Row], columns: list[str] | None = None) -> None:
    """Print rows as a table, numbers to the right."""
    names = columns or list(rows[0] if rows else [])
    table = Table(title=title, title_justify="left")
    for name in names:
        is_number = any(isinstance(row[name], int | float) for row in rows)
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if row[name] is None else _CONTROL.sub("\ufffd", str(row[name]))) for name in names))
    _console().print(table)


def show_sources(rows: list[Row]) -> None:
    """Print how old what is known of each stream is, those of late sources first."""
    columns = ["source", "stream", "last_delivered_at", "last_record_at", "lag", "late", "rows_loaded", "quarantined"]
    told = [
        {
            **row,
            "lag": "" if row["lag_hours"] is None else f"{row['lag_hours']:,.1f} h",
            "late": f"over {row['freshness_hours']:g} h" if row["is_late"] else "",
            "quarantined": row["rows_quarantined"],
        }
        for row in rows
    ]
    show("Sources", sorted(told, key=lambda row: not row["late"]), columns)


def show_funnel(rows: list[Row]) -> None:
    """Print the funnel: how many journeys entered each step, and how many of them passed to the next, how fast."""
    widest = max((row["entered"] for row in rows), default=0)
    table = Table(title="Funnel: all journeys / ファネル", title_justify="left")
    table.add_column("step")
    for name in ("entered", "passed on", "pass rate", "median time"):
        table.add_column(name, justify="right")
    table.add_column("")
    for row in rows:
        table.add_row(
            row["step"],
            f"{row['entered']:,}",
            "" if row["passed"] is None else f"{row['passed']:,}",
            formatted(row["pass_rate"], "ratio"),
            formatted(row["median_minutes"], "minutes"),
            "█" * round(30 * row["entered"] / widest) if widest else "",
        )
    _console().print(table)


def show_kpis(rows: list[Row], language: Literal["en", "ja"]) -> None:
    """Print one line a KPI and one column a month, grouped by critical success factor.

    Values outside the usual band stand out.
    """
    title, name, target, usual, caption = _KPI_WORDS[language]
    suffix = "_ja" if language == "ja" else ""
    months = sorted({row["month"] for row in rows})
    value = {(row["kpi_id"], row["month"]): row for row in rows}
    table = Table(title=title, title_justify="left", caption=caption)
    table.add_column(name)
    for heading in (*months, target, usual):
        table.add_column(heading, justify="right")
    kpis_in_order = {row["kpi_id"]: row for row in rows}.values()
    for csf, kpis in groupby(kpis_in_order, key=lambda kpi: kpi[f"csf_name{suffix}"]):
        table.add_section()
        table.add_row(f"[bold]{csf}[/bold]")
        for kpi in kpis:
            cells = [value.get((kpi["kpi_id"], month)) for month in months]
            goal = formatted(cells[-1]["target"], kpi["unit"]) if cells[-1] else ""
            table.add_row(f"  {kpi[f'kpi_name{suffix}']}", *(_cell(cell) for cell in cells), goal, _band(kpi))
    _console().print(table)


def show_person(person: Explanation) -> None:
    """Print what explains a person, one table a question; a question without an answer is left out."""
    former = f" (formerly {', '.join(person.former_ids)})" if person.former_ids else ""
    _console().print(f"Person {person.person_id}{former}", highlight=False)
    for title, rows in {
        "Records / レコード": person.records,
        "How they are joined, from the record asked for / つながり": person.chain,
        "Companies / 所属": person.accounts,
        "Browsers / ブラウザ": person.browsers,
        "Links refused / 却下したリンク": person.refused,
        "What changed / 変更履歴": person.changes,
    }.items():
        if rows:
            show(title, rows)


def formatted(value: float | None, unit: str) -> str:
    """Return a value as people write it: 7.6 %, 1,234, 2.3 h."""
    if value is None:
        return ""
    if unit == "minutes":
        return _duration(value)
    if unit in ("ratio", "relative"):
        return f"{100 * value:,.1f} %"
    return f"{value:,.1f} {_SUFFIXES[unit]}" if unit in _SUFFIXES else f"{value:,.0f}"


def _duration(minutes: float) -> str:
    if minutes >= _MINUTES_A_DAY:
        return f"{minutes / _MINUTES_A_DAY:.1f} d"
    return f"{minutes / _MINUTES_AN_HOUR:.1f} h" if minutes >= _MINUTES_AN_HOUR else f"{minutes:.0f} min"


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    text, colour = formatted(row["value"], row["unit"]), _STATUS_COLOUR.get(row["status"])
    return f"[{colour}]{text}[/{colour}]" if colour and text else text


def _band(kpi: Row) -> str:
    low, high = formatted(kpi["benchmark_low"], kpi["unit"]), formatted(kpi["benchmark_high"], kpi["unit"])
    if low and high:
        return f"{low} – {high}"
    return f"≤ {high}" if high else f"≥ {low}" if low else ""


def _console() -> Console:
    """Return a console wide enough for a month a column, also where there is no terminal (make, CI)."""
    return Console(width=max(shutil.get_terminal_size((150, 0)).columns, 120))
