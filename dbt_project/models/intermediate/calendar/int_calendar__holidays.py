"""Public holidays of the business calendar, which SQL cannot know."""

from typing import Any

import holidays
import pyarrow as pa
from duckdb import DuckDBPyConnection


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:  # noqa: ANN401
    """Return date_on and holiday_name of the years of dim_date.

    Raises:
        ValueError: The variable business_calendar names no calendar of the library.
    """
    dbt.config(materialized="table")
    calendar = dbt.config.meta_get("business_calendar")
    country, _, subdivision = calendar.partition("-")
    ((first_year, last_year),) = (
        dbt.ref("dim_date").aggregate("min(calendar_year) as first_year, max(calendar_year) as last_year").fetchall()
    )
    try:
        # Without a language the names would follow the locale of the machine.
        language = holidays.country_holidays(country, subdiv=subdivision or None).default_language
        days = holidays.country_holidays(
            country, subdiv=subdivision or None, years=range(first_year, last_year + 1), language=language
        )
    except NotImplementedError as error:
        message = f"Variable business_calendar: {error} Write a country as JP, or with its part as DE-BY."
        raise ValueError(message) from error
    return pa.table(
        {
            "date_on": pa.array(sorted(days), pa.date32()),
            "holiday_name": pa.array([days[day] for day in sorted(days)], pa.string()),
        }
    )
