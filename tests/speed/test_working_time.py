"""Working time between two moments, against a minute-by-minute count in Python."""

from __future__ import annotations

import runpy
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import jinja2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

PROJECT = Path(__file__).parents[2] / "dbt_project"
FIRST_DAY, DAYS = date(2026, 2, 20), 45
MINUTES = DAYS * 24 * 60
PUBLIC_HOLIDAYS = [date(2026, 2, 23), date(2026, 3, 20)]
COMPANY_HOLIDAYS = [date(2026, 3, 5), date(2026, 3, 28)]
OFFICE = {weekday: (time(9), time(18)) for weekday in range(1, 6)}
# Open through the night of the change of clocks, which is a Sunday's.
NIGHT_SHIFT = {**OFFICE, 6: (time(13, 15), time(17)), 7: (time(0, 30), time(6, 45))}
COMPANIES = [
    ("Asia/Tokyo", OFFICE),
    ("Asia/Tokyo", NIGHT_SHIFT),
    ("America/New_York", OFFICE),
    ("America/New_York", NIGHT_SHIFT),  # 2026-03-08, 2:00 to 3:00
    ("Europe/London", NIGHT_SHIFT),  # 2026-03-29, 1:00 to 2:00
]
Hours = dict[int, tuple[time, time]]


def compiled(zone: str, sql: str) -> str:
    """Return SQL of the project with its macros filled in, for DuckDB and without dbt."""
    source = "".join((PROJECT / "macros" / name).read_text() for name in ("time.sql", "rollup.sql"))
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - SQL
    macros: Any = SimpleNamespace()
    environment.globals |= {
        "var": {"business_timezone": zone}.__getitem__,
        "ref": str,
        "return": str,
        "adapter": SimpleNamespace(dispatch=lambda name, _: getattr(macros, f"duckdb__{name}")),
        "dbt": SimpleNamespace(datediff=lambda first, second, part: f"date_diff('{part}', {first}, {second})"),
    }
    macros = environment.from_string(source).module
    environment.globals |= vars(macros)
    return environment.from_string(sql).render()


def calendar(zone: str, hours: Hours) -> duckdb.DuckDBPyConnection:
    """Return a database with int_calendar__business_days of the company."""
    connection = duckdb.connect()
    connection.execute(
        f"""
        create table dim_date as
        select range::date as date_on, isodow(range)::int as iso_weekday
        from range(timestamp '{FIRST_DAY}' - interval 2 days, timestamp '{FIRST_DAY}' + interval {DAYS + 2} days,
            interval 1 day);
        create table working_hours (iso_weekday int, opens_at time, closes_at time);
        create table int_calendar__holidays (date_on date, holiday_name varchar);
        create table company_holidays (date_on date, wording_ja varchar);
        """
    )
    connection.executemany(
        "insert into working_hours values (?, ?, ?)",
        [(weekday, *hours.get(weekday, (None, None))) for weekday in range(1, 8)],
    )
    connection.executemany("insert into int_calendar__holidays values (?, 'holiday')", [[d] for d in PUBLIC_HOLIDAYS])
    connection.executemany("insert into company_holidays values (?, 'holiday')", [[d] for d in COMPANY_HOLIDAYS])
    model = (PROJECT / "models" / "intermediate" / "calendar" / "int_calendar__business_days.sql").read_text()
    connection.execute(f"create table int_calendar__business_days as {compiled(zone, model)}")
    return connection


def open_minutes(zone: str, hours: Hours) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return how many of the first n minutes since `FIRST_DAY` (UTC) are working time, for each n."""
    first = datetime.combine(FIRST_DAY, time(), UTC)
    days_off = {*PUBLIC_HOLIDAYS, *COMPANY_HOLIDAYS}
    is_open = []
    for minute in range(MINUTES):
        local = (first + timedelta(minutes=minute)).astimezone(ZoneInfo(zone))
        opens_at, closes_at = hours.get(local.isoweekday(), (time.max, time.min))
        is_open.append(local.date() not in days_off and opens_at <= local.time() < closes_at)
    return np.concatenate([[0], np.cumsum(is_open)])


@pytest.mark.parametrize(("zone", "hours"), COMPANIES)
def test_working_minutes_are_those_counted_one_by_one(zone: str, hours: Hours) -> None:
    connection = calendar(zone, hours)
    counted = open_minutes(zone, hours)
    between = compiled(
        zone,
        """
        select
            {{ working_minutes_until('ended_at', 'last_day') }}
            - ({{ working_minutes_until('started_at', 'first_day') }})
        from (
            select
                timestamp '2026-02-20' + to_minutes(spans.start::int) as started_at,
                timestamp '2026-02-20' + to_minutes(spans.stop::int) as ended_at,
                spans.place
            from (select unnest($starts) as start, unnest($stops) as stop, unnest($places) as place) as spans
        ) as spans
        join int_calendar__business_days as first_day on {{ business_day('started_at') }} = first_day.date_on
        join int_calendar__business_days as last_day on {{ business_day('ended_at') }} = last_day.date_on
        order by place
        """,
    )
    moment = st.integers(0, MINUTES)

    @given(st.lists(st.tuples(moment, moment), min_size=1, max_size=50))
    @settings(max_examples=30, deadline=None)
    def spans_agree(spans: list[tuple[int, int]]) -> None:
        ordered = [sorted(span) for span in spans]
        starts, stops = [span[0] for span in ordered], [span[1] for span in ordered]

        minutes = connection.execute(
            between, {"starts": starts, "stops": stops, "places": list(range(len(spans)))}
        ).fetchall()

        assert [row[0] for row in minutes] == pytest.approx([counted[stop] - counted[start] for start, stop in ordered])

    spans_agree()


def test_holidays_are_those_of_japan_by_law() -> None:
    connection = duckdb.connect()
    connection.execute("create table dim_date as select 2026 as calendar_year")
    model = runpy.run_path(str(PROJECT / "models" / "intermediate" / "calendar" / "int_calendar__holidays.py"))["model"]
    dbt = SimpleNamespace(
        config=type("Config", (), {"__call__": lambda *_, **__: None, "meta_get": lambda *_: "JP"})(),
        ref=connection.table,
    )

    table = model(dbt, connection)

    # Cabinet Office of Japan, national holidays of 2026; 22 September lies between two of them.
    assert [day.strftime("%m-%d") for day in table["date_on"].to_pylist()] == [
        *("01-01", "01-12", "02-11", "02-23", "03-20", "04-29", "05-03", "05-04", "05-05", "05-06"),
        *("07-20", "08-11", "09-21", "09-22", "09-23", "10-12", "11-03", "11-23"),
    ]
    assert table["holiday_name"][0].as_py() == "元日"
