"""Restatements: numbers of periods that had ended, and that are others now; which, by how much, and why.

The list is part of each published version, as `mart_run` is: it depends on what was published before, not on the data
alone. Each version carries on the list of the version before it. The cause is `data` that came late, or a changed
`definition` (models, macros, seeds; data may have come too).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from leadmill.settings import Home
from serving.files import path_literal, stored
from serving.versions import Version, versions

TABLE = "mart_restatements"

_EMPTY = f"""
    create table published.marts.{TABLE} (
        version varchar, as_of timestamp, previous_version varchar, previous_as_of timestamp,
        kpi_id varchar, period_grain varchar, period_start date, dimension varchar, dimension_value varchar,
        previous_numerator double, numerator double, previous_denominator double, denominator double,
        previous_value double, value double, change double, cause varchar
    )
"""

_ENDED = """
    case period_grain
        when 'day' then period_start + interval 1 day
        when 'week' then period_start + interval 7 day
        when 'month' then period_start + interval 1 month
        when 'quarter' then period_start + interval 3 month
    end <= $previous_as_of_day
"""

# What matures (journeys of a past month still reach a stage) is restated only where a rate's population changed. The
# catalogue says which KPIs do; one that the version before did not know is new, not restated.
_CHANGED = f"""
    insert into published.marts.{TABLE}
    with
    compared as (
        select
            kpi_id, period_grain, period_start, dimension, dimension_value,
            previous.numerator as previous_numerator, now.numerator,
            previous.denominator as previous_denominator, now.denominator,
            previous.value as previous_value, now.value
        from (from previous.marts.mart_kpi_values where {_ENDED}) as previous
        full join (
            from published.marts.mart_kpi_values
            where {_ENDED} and kpi_id in (select kpi_id from previous.marts.mart_kpi_values)
        ) as now using (kpi_id, period_grain, period_start, dimension, dimension_value)
    )
    select
        $version, $as_of, $previous_version, $previous_as_of,
        compared.*, coalesce(compared.value, 0) - coalesce(previous_value, 0), $cause
    from compared
    join published.marts.dim_kpi using (kpi_id)
    where case
            when not dim_kpi.matures then
                previous_numerator is distinct from compared.numerator
                or previous_denominator is distinct from compared.denominator
                or previous_value is distinct from compared.value
            when dim_kpi.aggregation = 'ratio' then previous_denominator is distinct from compared.denominator
            else false
        end
"""


def write(connection: duckdb.DuckDBPyConnection, home: Home, version: str, as_of: datetime, zone: ZoneInfo) -> None:
    """Write the list into the version that is being made (attached as `published`, its KPI marts in place).

    The version before is, of those that are kept, the one of the latest as_of that is not after this one's.

    Args:
        connection: Has the version under way attached as `published`.
        home: The data home.
        version: Name of the version under way.
        as_of: The moment it speaks of, aware.
        zone: The business time zone: a period has ended when its last business day has.
    """
    connection.execute(_EMPTY)
    earlier = [
        found
        for found in versions(home)
        if found.as_of <= as_of and "definitions_hash" in found.tables["mart_run"].columns
    ]
    if not earlier:
        return
    previous = max(earlier, key=lambda found: (found.as_of, found.finished_at))
    connection.execute(f"attach {path_literal(_file(home, previous))} as previous (read_only)")
    if TABLE in previous.tables:
        connection.execute(f"insert into published.marts.{TABLE} from previous.marts.{TABLE}")
    # Other models or seeds count otherwise; only under equal ones a change can be laid to the data alone.
    [(is_same,)] = connection.execute(
        "select previous.definitions_hash = now.definitions_hash "
        "from previous.marts.mart_run as previous, published.marts.mart_run as now"
    ).fetchall()
    connection.execute(
        _CHANGED,
        {
            "version": version,
            "as_of": stored(as_of),
            "previous_version": previous.version,
            "previous_as_of": stored(previous.as_of),
            "cause": "data" if is_same else "definition",
            "previous_as_of_day": previous.as_of.astimezone(zone).date(),
        },
    )
    connection.execute("detach previous")


def _file(home: Home, version: Version) -> Path:
    return home.published / version.version / "marts.duckdb"
