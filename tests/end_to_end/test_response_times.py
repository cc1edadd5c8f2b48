"""Response times a second time, in pandas from the journeys and the seeds: every leg, grain, dimension and column."""

from pathlib import Path

import duckdb
import holidays
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

import serving
from leadmill.settings import Home
from tests.nights import Company

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
LEGS = {
    "form_to_touch": ("created_at", "first_touch_at"),
    "mql_to_sal": ("mql_at", "sal_at"),
    "sal_to_sql": ("sal_at", "sql_at"),
    "mql_to_sql": ("mql_at", "sql_at"),
}
GRAINS = {"week": "W-SUN", "month": "M", "quarter": "Q", "all": None}
DIMENSIONS = ["overall", "owner", "weekday", "hour", "channel", "segment", "conversion_point"]
PERCENTILES = {"p5": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}
LIMITS = {"10_minutes": 10, "2_hours": 120, "24_hours": 1440}
KEY = ["leg", "period_grain", "period_start", "dimension", "dimension_value"]
TIMELESS = pd.Timestamp("1900-01-01")  # stands for the period start of `all`, so that keys compare


def read(home: Path, sql: str) -> pd.DataFrame:
    with serving.open_marts(Home(path=home)) as connection:
        return connection.execute(sql).df()


def tokyo(times: pd.Series) -> pd.Series:
    return times.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo").dt.tz_localize(None)


def working_minutes(started: pd.Series, ended: pd.Series, days_off: set[pd.Timestamp]) -> pd.Series:
    """Return the minutes from 9:00 to 18:00 of the working days between two business times."""
    minutes = pd.Series(0.0, index=started.index)
    for day in pd.date_range(started.min().normalize(), ended.max().normalize()):
        if day.day_of_week < 5 and day not in days_off:
            opens, closes = day + pd.Timedelta(hours=9), day + pd.Timedelta(hours=18)
            shared = ended.clip(opens, closes) - started.clip(opens, closes)
            minutes += shared.dt.total_seconds() / 60
    return minutes


@pytest.fixture(scope="session")
def as_of(company: Company) -> pd.Timestamp:
    return pd.Timestamp(company.as_ofs[-1]).tz_convert("UTC").tz_localize(None)


def of_journeys(home: Path) -> pd.DataFrame:
    """Return what the statuses say of each journey, its first try about MQL or later, and whether tries are told."""
    with duckdb.connect(str(Home(path=home).warehouse), read_only=True) as warehouse:
        records = warehouse.execute(
            "select lead_id, person_id, source_system, lower(status) as status, can_begin_journey "
            "from intermediate.int_lifecycle__lead_records"
        ).df()
        tries = warehouse.execute(
            "select lead_id, occurred_at, mql_at from intermediate.int_lifecycle__activities "
            "join marts.fct_lead_lifecycle using (lead_id) where is_completed and is_with_person and mql_at is not null"
        ).df()
        persons = warehouse.execute(
            "select distinct person_id from identity.record_person where source_system = 'salesforce'"
        ).df()["person_id"]
    of_crm = records[records["can_begin_journey"]]
    accepting = of_crm["status"].isin(["working", "qualified", "closed - converted", "recycled"])
    rejecting = of_crm["status"] == "unqualified"
    found = records.groupby("lead_id").agg(person_id=("person_id", "first"))
    found["is_accepted"] = found.index.isin(of_crm["lead_id"][accepting])
    found["is_rejected"] = found.index.isin(of_crm["lead_id"][rejecting]) & ~found["is_accepted"]
    found["is_watched"] = found["person_id"].isin(persons)
    about = tries[tries["occurred_at"] >= tries["mql_at"] - pd.Timedelta(hours=24)]
    found["tried_at"] = about.groupby("lead_id")["occurred_at"].min()
    return found.drop(columns="person_id").reset_index()


@pytest.fixture(scope="session")
def waits(once: Path, as_of: pd.Timestamp) -> pd.DataFrame:
    """Each wait of each journey, with its minutes and what is decided of it."""
    journeys = read(once, "from marts.fct_lead_lifecycle").merge(of_journeys(once), on="lead_id")
    parts = []
    for leg, (start, end) in LEGS.items():
        part = journeys[journeys[start].notna() & (journeys["content_id"].notna() | (leg != "form_to_touch"))]
        part = part.assign(leg=leg, started=part[start], ended=part[end], rejected=False)
        if leg in ("form_to_touch", "mql_to_sal"):  # what a try ends; the sample's files name no SAL times
            part = part[part["is_watched"]]
        if leg == "mql_to_sal":
            decided = part["ended"].isna() & (part["is_accepted"] | part["is_rejected"])
            part["ended"] = part["ended"].fillna(part["tried_at"].where(decided))
            part["rejected"] = part["sal_at"].isna() & part["ended"].notna() & part["is_rejected"]
        parts.append(part)
    waits = pd.concat(parts, ignore_index=True)
    waits["answered"] = waits["ended"].notna()
    waits["given_up"] = ~waits["answered"] & (waits["next_journey_at"] < as_of)
    waits["ended"] = waits[["ended", "started"]].max(axis=1).where(waits["answered"])
    until = waits["ended"].fillna(waits["next_journey_at"].clip(upper=as_of)).fillna(as_of)
    until = pd.concat([until, waits["started"]], axis=1).max(axis=1)
    japan = {pd.Timestamp(day) for day in holidays.country_holidays("JP", years=range(2024, 2029))}
    company_days = pd.read_csv(SEEDS / "company_holidays.csv", parse_dates=["date_on"])["date_on"]
    local_start = tokyo(waits["started"])
    waits["calendar"] = (until - waits["started"]).dt.total_seconds() / 60
    waits["business"] = working_minutes(local_start, tokyo(until), japan | set(company_days))
    for name, minutes in LIMITS.items():
        within = (waits["calendar"] <= minutes).astype("boolean")
        waits[f"within_{name}"] = within.mask(~waits["answered"] & (waits["calendar"] <= minutes))
    asked = waits["conversion_point"].isin(["contact", "demo", "pricing", "document"])
    has_limit = (waits["leg"] == "mql_to_sal") | ((waits["leg"] == "form_to_touch") & asked)
    late = waits["calendar"].where(waits["leg"] == "mql_to_sal", waits["business"]) > np.where(
        waits["leg"] == "mql_to_sal", 1440, 120
    )
    waits["breach"] = late.astype("boolean").mask(~has_limit | (~waits["answered"] & ~late))
    waits["day"] = local_start.dt.normalize()
    waits["overall"] = "all"
    waits["owner"] = waits["owner_id"].fillna("unassigned")
    waits["weekday"] = (local_start.dt.day_of_week + 1).astype(str)
    waits["hour"] = local_start.dt.hour.astype(str).str.zfill(2)
    return waits


@pytest.fixture(scope="session")
def told(once: Path) -> pd.DataFrame:
    found = read(once, "from marts.mart_response_times")
    found["period_start"] = pd.to_datetime(found["period_start"]).fillna(TIMELESS)
    return found.set_index(KEY).sort_index()


@pytest.fixture(scope="session")
def expected(waits: pd.DataFrame) -> pd.DataFrame:
    """The mart as pandas counts it."""
    parts = []
    for grain, frequency in GRAINS.items():
        period = waits["day"].dt.to_period(frequency).dt.start_time if frequency else TIMELESS
        for dimension in DIMENSIONS:
            labelled = waits.assign(
                period_grain=grain, period_start=period, dimension=dimension, dimension_value=waits[dimension]
            )
            groups = labelled.groupby(KEY)
            counted = groups.agg(
                started=("leg", "size"),
                answered=("answered", "sum"),
                rejected=("rejected", "sum"),
                given_up=("given_up", "sum"),
                breaches=("breach", "sum"),
                sla_decided=("breach", "count"),
            )
            counted["waiting"] = counted["started"] - counted["answered"] - counted["given_up"]
            for name in LIMITS:
                counted[f"within_{name}"] = groups[f"within_{name}"].sum()
                counted[f"decided_{name}"] = groups[f"within_{name}"].count()
                counted[f"share_within_{name}"] = counted[f"within_{name}"] / counted[f"decided_{name}"]
            counted["breach_rate"] = counted["breaches"] / counted["sla_decided"]
            answered = labelled[labelled["answered"]].groupby(KEY)
            for kind in ("calendar", "business"):
                quantiles = answered[kind].quantile(list(PERCENTILES.values())).unstack()
                for name, share in PERCENTILES.items():
                    counted[f"{name}_{kind}_minutes"] = quantiles[share] if len(quantiles) else np.nan
            parts.append(counted)
    return pd.concat(parts).sort_index()


def test_every_row_and_number_is_that_of_pandas(told: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert expected["answered"].sum() > expected["rejected"].sum() > 0
    pd.testing.assert_frame_equal(
        told[expected.columns].astype(float),
        expected.astype(float),
        check_exact=False,
        rtol=1e-9,
        atol=1e-4,
        check_index_type=False,
        check_names=False,
    )


def test_interval_of_the_breach_rate_is_wilsons(told: pd.DataFrame) -> None:
    judged = told[told["sla_decided"] > 0].query("period_grain == 'month' and dimension == 'channel'")
    ends = [
        binomtest(int(row.breaches), int(row.sla_decided)).proportion_ci(method="wilson") for row in judged.itertuples()
    ]

    assert judged["breach_rate_low"].tolist() == pytest.approx([end.low for end in ends], abs=1e-9)
    assert judged["breach_rate_high"].tolist() == pytest.approx([end.high for end in ends], abs=1e-9)


def test_calendar_reaches_as_far_back_as_a_wait_may_begin(once: Path) -> None:
    [first_day] = read(once, "select min(date_on) as first_day from marts.dim_date")["first_day"]

    assert first_day <= pd.Timestamp("1970-01-01")  # the first day of the stage definitions


def test_median_from_mql_to_sql_is_the_kpis(once: Path) -> None:
    pairs = read(
        once,
        """
        select median_calendar_minutes as told, value
        from marts.mart_response_times as times
        join marts.mart_kpi_values as kpis using (period_grain, period_start, dimension, dimension_value)
        where times.leg = 'mql_to_sql' and kpis.kpi_id = 'median_mql_to_sql_minutes' and value is not null
        """,
    )

    assert len(pairs) > 10
    assert pairs["told"].tolist() == pytest.approx(pairs["value"].tolist())


def test_breaches_have_the_reasons_that_time_tells(once: Path, waits: pd.DataFrame) -> None:
    breaches = read(once, "from marts.mart_response_breaches").set_index(["leg", "lead_id"]).sort_index()
    late = waits[waits["breach"].fillna(False)].set_index(["leg", "lead_id"]).sort_index()
    started = tokyo(late["started"])
    japan = holidays.country_holidays("JP", years=range(2024, 2029))
    company_days = set(pd.read_csv(SEEDS / "company_holidays.csv", parse_dates=["date_on"])["date_on"].dt.date)
    is_off = (started.dt.day_of_week > 4) | started.dt.date.isin(company_days) | started.dt.date.isin(set(japan))
    counts_all_hours = late.index.get_level_values("leg") == "mql_to_sal"

    assert breaches.index.tolist() == late.index.tolist()
    assert breaches["is_on_day_off"].tolist() == (is_off & counts_all_hours).tolist()
    assert (
        breaches["is_outside_hours"].tolist() == (~is_off & ~started.dt.hour.between(9, 17) & counts_all_hours).tolist()
    )
    assert (breaches["minutes_over"] > 0).all()
    assert (breaches["main_reason"] == breaches["reasons"].str.split(", ").str[0]).all()


def test_load_of_an_owner_is_what_waited_at_that_moment(once: Path) -> None:
    breaches = read(once, "from marts.mart_response_breaches where owner_id is not null")
    waits = read(once, "from marts.fct_response_times where owner_id is not null")
    gone = waits["watched_until"].where(waits["response_state"] != "waiting", pd.Timestamp.max)

    for breach in breaches.sample(min(len(breaches), 100), random_state=1).itertuples():
        same = (waits["owner_id"] == breach.owner_id) & (waits["leg"] == breach.leg)
        open_then = same & (waits["started_at"] <= breach.started_at) & (gone > breach.started_at)
        assert breach.owner_open_waits == open_then.sum() - 1
