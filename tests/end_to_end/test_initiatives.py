"""Effects of initiatives: once more by scipy on the facts, and on random splits of the same data, which have none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import serving
from leadmill.settings import Home
from tests.nights import Company

SPLITS = 400
SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"


@pytest.fixture(scope="module")
def effects(once: Path) -> pd.DataFrame:
    with serving.open_marts(Home(path=once)) as connection:
        return connection.sql("from marts.mart_initiative_effects").df().set_index("initiative_id")


def test_every_initiative_is_told_of(effects: pd.DataFrame) -> None:
    assert set(effects.index) == set(pd.read_csv(SEEDS / "initiatives.csv")["initiative_id"])


def test_subject_test_is_newcombes_interval_of_the_mails(once: Path, effects: pd.DataFrame) -> None:
    told = effects.loc["subject_test_2026"]
    with serving.open_marts(Home(path=once)) as connection:
        mails = connection.sql(
            "select content_name, first_opened_at is not null or first_clicked_at is not null as is_opened "
            "from marts.fct_email_messages join marts.dim_content using (content_id) "
            "where delivered_at is not null and sent_at >= timestamp '2026-05-02' - interval 9 hour"
        ).df()
    arms = [mails[mails["content_name"].str.fullmatch(rf"メールマガジン .*\[{arm}\]")]["is_opened"] for arm in "BA"]

    shares = [arm.mean() for arm in arms]
    (low, high), (other_low, other_high) = (
        stats.binomtest(int(arm.sum()), len(arm)).proportion_ci(method="wilson") for arm in arms
    )

    assert min(map(len, arms)) > 100
    assert (told["treated_after_denominator"], told["control_after_denominator"]) == tuple(map(len, arms))
    assert told["effect"] == pytest.approx(shares[0] - shares[1])
    assert told["effect_low"] == pytest.approx(told["effect"] - np.hypot(shares[0] - low, other_high - shares[1]))
    assert told["effect_high"] == pytest.approx(told["effect"] + np.hypot(high - shares[0], shares[1] - other_low))


def test_planted_effect_lies_in_the_interval(company: Company, effects: pd.DataFrame) -> None:
    planted = pd.read_parquet(company.folder / "truth" / "effects.parquet").set_index("effect_id")
    told = effects.loc["subject_test_2026"]

    expected = told["control_after"] * (float(planted["factor"]["subject_test"]) - 1)

    assert told["effect_low"] < expected < told["effect_high"]


def test_before_and_after_is_welchs_interval_over_the_weeks(once: Path, effects: pd.DataFrame) -> None:
    told = effects.loc["partner_first_2026q1"]
    with serving.open_marts(Home(path=once)) as connection:
        journeys = connection.sql(
            "select (mql_at + interval 9 hour)::date as day, channel = 'partner' as is_treated, "
            "has_meeting_since_mql::int as numerator from marts.fct_lead_lifecycle where mql_at is not null"
        ).df()
    journeys["day"] = pd.to_datetime(journeys["day"])
    start, weeks = pd.Timestamp("2026-02-02"), pd.Timedelta(days=56)

    contrast, variances, degrees = 0.0, [], 8 - 1
    for is_treated in (True, False):
        for sign, begin in ((1, start), (-1, start - weeks)):
            arm = journeys[
                (journeys["is_treated"] == is_treated) & (journeys["day"] >= begin) & (journeys["day"] < begin + weeks)
            ]
            days = pd.date_range(begin, periods=56)
            daily = arm.groupby("day")["numerator"].agg(["sum", "size"]).reindex(days, fill_value=0)
            ratio = daily["sum"].sum() / daily["size"].sum()
            residual = daily["sum"] - ratio * daily["size"]
            weekly = residual.to_numpy().reshape(8, 7).sum(axis=1)
            variances.append(8 * weekly.var(ddof=1) / daily["size"].sum() ** 2)
            contrast += (sign if is_treated else -sign) * ratio
    error = np.sqrt(sum(variances))
    freedom = sum(variances) ** 2 / sum(variance**2 / degrees for variance in variances)

    assert told["effect"] == pytest.approx(contrast)
    assert told["effect_low"] == pytest.approx(contrast - stats.t.ppf(0.975, freedom) * error, abs=1e-4)
    assert told["effect_high"] == pytest.approx(contrast + stats.t.ppf(0.975, freedom) * error, abs=1e-4)
    assert told["p_value"] == pytest.approx(2 * stats.t.sf(abs(contrast / error), freedom), abs=1e-4)
    assert told["verdict"] == "too little data"


@pytest.fixture(scope="module")
def laboratory(once: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse of its own in which the model's SQL judges made-up initiatives."""
    with duckdb.connect() as connection:
        connection.execute(
            f"attach '{Home(path=once).warehouse}' as company (read_only); attach ':memory:' as warehouse"
        )
        for schema in ("staging", "intermediate", "marts"):
            connection.execute(f"create schema warehouse.{schema}")
        for table in ("staging.statistics_limits", "staging.kpi_catalogue", "marts.dim_date"):
            connection.execute(f"create table warehouse.{table} as from company.{table}")
        yield connection


def verdicts(once: Path, laboratory: duckdb.DuckDBPyConnection, kind: str, kpi_id: str, days: str) -> dict[str, float]:
    """Return the share of each verdict over made-up initiatives, given the query of their arms by day."""
    laboratory.execute(
        f"""
        create or replace table warehouse.intermediate.int_initiatives__days as {days};
        create or replace table warehouse.intermediate.int_initiatives__arms as
        select
            initiative_id, side, phase, count(*)::int as days, min(date_on) as from_on, max(date_on) as to_on,
            case when (side = 'treated') = (phase = 'after') then 1 else -1 end as sign
        from warehouse.intermediate.int_initiatives__days
        group by all;
        create or replace table warehouse.staging.initiatives as
        select distinct
            initiative_id, '' as name_en, '' as name_ja, '{kind}' as kind, '{kpi_id}' as kpi_id,
            null::date as started_on, null::date as ended_on, '' as dimension, '' as treated_values,
            '' as control_values, 1.0::double as smallest_effect, '' as hypothesis_en, '' as hypothesis_ja, '' as owner
        from warehouse.intermediate.int_initiatives__days;
        """
    )
    model = Home(path=once).dbt_target / "compiled/leadmill/models/marts/diagnosis/mart_initiative_effects.sql"
    judged = laboratory.sql(f"select verdict from ({model.read_text()})").df()["verdict"]
    assert len(judged) == SPLITS
    return dict(judged.value_counts(normalize=True))


def is_about_5_percent(share: float) -> bool:
    low, high = stats.binom.interval(0.999, SPLITS, 0.05)
    return bool(low <= share * SPLITS <= high)


def test_same_mails_split_at_random_differ_in_one_test_of_twenty(
    once: Path, laboratory: duckdb.DuckDBPyConnection
) -> None:
    found = verdicts(
        once, laboratory, "ab", "open_rate",
        f"""
        select
            split::varchar as initiative_id,
            case when hash(message_id || '|' || split) % 2 = 0 then 'treated' else 'control' end as side,
            'after' as phase, date '2026-01-01' as date_on, count(*)::double as denominator,
            count(*) filter (first_opened_at is not null)::double as numerator
        from company.marts.fct_email_messages, range({SPLITS}) as splits (split)
        where delivered_at is not null and hash(message_id) % 8 = 0
        group by all
        """,
    )  # fmt: skip

    assert is_about_5_percent(found.get("improved", 0) + found.get("worse", 0))


@pytest.mark.parametrize(("kpi_id", "denominator"), [("cvr", "count(session_id)"), ("sessions", "1")])
def test_same_visitors_split_at_random_change_alike(
    once: Path, laboratory: duckdb.DuckDBPyConnection, kpi_id: str, denominator: str
) -> None:
    numerator = "count(*) filter (is_converted)" if kpi_id == "cvr" else "count(session_id)"
    found = verdicts(
        once, laboratory, "before_after", kpi_id,
        f"""
        with split_sessions as (
            select
                split, started_on as date_on, session_id, is_converted,
                case when hash(visitor_id || '|' || split) % 2 = 0 then 'treated' else 'control' end as side
            from company.marts.fct_sessions, range({SPLITS}) as splits (split)
            where started_on between date '2026-01-05' and date '2026-03-29'
        )
        select
            split::varchar as initiative_id, side,
            case when date_on < date '2026-02-16' then 'before' else 'after' end as phase, date_on,
            ({denominator})::double as denominator, ({numerator})::double as numerator
        from (select date_on from company.marts.dim_date where date_on between date '2026-01-05' and date '2026-03-29')
        cross join range({SPLITS}) as splits (split)
        cross join (values ('treated'), ('control')) as sides (side)
        left join split_sessions using (split, side, date_on)
        group by all
        """,
    )  # fmt: skip

    assert is_about_5_percent(found.get("improved", 0) + found.get("worse", 0))


def test_planted_effect_is_found_and_little_data_refused(once: Path, laboratory: duckdb.DuckDBPyConnection) -> None:
    def split(trials: int, treated: float) -> str:
        return f"""
            select
                split::varchar as initiative_id, side, 'after' as phase, date '2026-01-01' as date_on,
                {trials}::double as denominator,
                round({trials} * case side when 'treated' then {treated} else 0.2 end) as numerator
            from range({SPLITS}) as splits (split) cross join (values ('treated'), ('control')) as sides (side)
        """

    assert verdicts(once, laboratory, "ab", "open_rate", split(5000, 0.23)) == {"improved": 1}
    assert verdicts(once, laboratory, "ab", "open_rate", split(5000, 0.17)) == {"worse": 1}
    assert verdicts(once, laboratory, "ab", "open_rate", split(5000, 0.2)) == {"no evidence": 1}
    assert verdicts(once, laboratory, "ab", "open_rate", split(99, 0.9)) == {"too little data": 1}


def test_patterns_of_the_seed_are_regular_expressions() -> None:
    for row in pd.read_csv(SEEDS / "initiatives.csv").itertuples():
        re.compile(row.treated_values)
        re.compile(row.control_values)
