"""A home with small marts."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from leadmill.settings import Home
from serving import Code, Version, publish

AS_OF = datetime(2026, 10, 31, 15, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(path=tmp_path)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            """
            create schema marts;
            create schema identity;
            create table identity.links as select 'taro@example.co.jp' as left_key;
            create table marts.fct_sessions as
            select md5(i::varchar) as session_id, timestamp '2026-10-01' + to_hours(i::int) as started_at
            from range(3000) as numbers (i);
            create table marts.mart_funnel (view varchar, period_grain varchar, dimension varchar, step varchar,
                step_order integer, entered bigint, passed bigint, pass_rate double, median_minutes double,
                cost double);
            insert into marts.mart_funnel values
                ('cohort', 'all', 'overall', 'mql', 2, 40, null, null, null, null),
                ('cohort', 'all', 'overall', 'lead', 1, 100, 40, 0.4, 62.54, 5000),
                ('period', 'all', 'overall', 'lead', 1, 7, 7, 1, null, null);
            create table marts.mart_kpi_values (kpi_id varchar, period_grain varchar, period_start date,
                dimension varchar, dimension_value varchar, numerator double, denominator double, value double,
                target double, status varchar);
            create table marts.dim_kpi as
            select *
            from (values
                ('mql', 'MQL', 'MQL数', 'Pick', '選別', 3, 310, 'count', 'MQLs', null, 'sum', false, null, null),
                ('wins', 'Wins', '受注数', 'Win', '成約', 4, 510, 'count', 'Wins', null, 'sum', false, null, 10.0),
                ('sql_rate', 'SQL rate', 'SQL化率', 'Pick', '選別', 3, 430, 'ratio', 'SQLs', 'MQLs', 'ratio', true,
                    null, null)
            ) as kpis (kpi_id, kpi_name, kpi_name_ja, csf_name, csf_name_ja, csf_order, kpi_order, unit, numerator,
                denominator, aggregation, matures, benchmark_low, benchmark_high);
            create table marts.dim_kpi_phase as select 'maturity' as phase, 'wins' as kpi_id;
            insert into marts.mart_kpi_values
            select kpi_id, 'month', date '2026-01-01' + to_months(i::int), 'overall', 'all', i, null, i, 8, 'none'
            from range(10) as months (i), (values ('wins'), ('mql')) as kpis (kpi_id);
            insert into marts.mart_kpi_values values
                ('mql', 'day', '2026-10-01', 'overall', 'all', 9, null, 9, null, 'none');
            """
        )
    return home


def published(home: Home, as_of: datetime = AS_OF, definitions_hash: str = "a") -> Version:
    """Publish as the nightly does."""
    return publish(home, as_of, AS_OF, Code("0.1.0", definitions_hash), ZoneInfo("Asia/Tokyo"), progress=lambda _: None)
