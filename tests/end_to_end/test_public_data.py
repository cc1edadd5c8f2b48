"""Real public exports load with a sources file alone, and their known truths come out of the marts.

The files are not ours to ship: LEADMILL_PUBLIC_DATA names a folder with `olist/` and `crm_sales/` (default: beside the
checkout).
"""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.nights import query, run_night

REPOSITORY = Path(__file__).parents[2]
DATA = Path(os.environ.get("LEADMILL_PUBLIC_DATA", REPOSITORY.parent / "shared" / "data"))


def _home_of(name: str, folder: Path, as_of: str) -> Path:
    """Run a night over one of the examples in docs/examples, its files laid where the example expects them."""
    if not (DATA / name).is_dir():
        pytest.skip(f"public data {name} is not here")
    shutil.copy(REPOSITORY / "docs" / "examples" / f"{name}.sources.yml", folder / "sources.yml")
    (folder / name).symlink_to(DATA / name)
    run_night(folder / "home", folder / "sources.yml", as_of)
    return folder / "home"


@pytest.fixture(scope="session")
def olist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _home_of("olist", tmp_path_factory.mktemp("olist"), "2018-12-31")


@pytest.fixture(scope="session")
def crm_sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _home_of("crm_sales", tmp_path_factory.mktemp("crm_sales"), "2018-01-31")


@pytest.fixture(scope="session")
def olist_leads() -> pd.DataFrame:
    """The raw files joined by pandas: the second computation."""
    leads = pd.read_csv(DATA / "olist" / "olist_marketing_qualified_leads_dataset.csv", keep_default_na=False)
    deals = pd.read_csv(DATA / "olist" / "olist_closed_deals_dataset.csv")
    leads["origin"] = leads["origin"].str.replace(" ", "_").replace("", "unattributed")
    leads["is_won"] = leads["mql_id"].isin(deals["mql_id"])
    return leads


@pytest.fixture(scope="session")
def crm_sales_closed() -> pd.DataFrame:
    """The closed deals of the raw file with their month and the days of 24 hours that they took."""
    deals = pd.read_csv(DATA / "crm_sales" / "sales_pipeline.csv")
    closed = deals[deals["deal_stage"].isin(["Won", "Lost"])].copy()
    engaged, ended = (pd.to_datetime(closed[column], format="%m/%d/%Y") for column in ("engage_date", "close_date"))
    closed["month"] = ended.dt.to_period("M").dt.start_time.dt.date
    elapsed = _in_utc(ended, "America/New_York") - _in_utc(engaged, "America/New_York")
    closed["days"] = elapsed.dt.total_seconds() / 86400
    closed["is_won"] = closed["deal_stage"] == "Won"
    return closed


def _in_utc(times: "pd.Series[str]", timezone: str) -> "pd.Series[pd.Timestamp]":
    """Return local times as UTC; the hour that the clock skips stands for the one after it."""
    local = pd.to_datetime(times).dt.tz_localize(timezone, nonexistent="shift_forward", ambiguous="NaT")
    return local.dt.tz_convert("UTC")


def test_olist_leads_and_wins_by_origin(olist: Path, olist_leads: pd.DataFrame) -> None:
    by_origin = olist_leads.groupby("origin")["is_won"].agg(["size", "sum"])
    channels = {channel for (channel,) in query(olist, "select channel_id from marts.dim_channel")}
    expected = {origin: (int(row["size"]), int(row["sum"])) for origin, row in by_origin.iterrows()}

    found = query(olist, "select channel, count(*), count(won_at) from marts.fct_lead_lifecycle group by channel")

    assert {channel: (leads, wins) for channel, leads, wins in found} == expected
    assert sum(leads for leads, _ in expected.values()) == 8000
    assert sum(wins for _, wins in expected.values()) == 842
    assert set(expected) <= channels


def test_olist_win_rate_by_origin_is_in_the_kpi_mart(olist: Path, olist_leads: pd.DataFrame) -> None:
    found = query(
        olist,
        """
        select dimension_value, sum(numerator), sum(denominator)
        from marts.mart_kpi_values
        where kpi_id = 'lead_win_rate' and period_grain = 'month' and dimension = 'channel'
        group by all
        """,
    )

    rates = {channel: won / leads for channel, won, leads in found}
    assert sum(leads for *_, leads in found) == 8000
    expected = olist_leads.groupby("origin")["is_won"].mean()
    assert rates == pytest.approx(expected.to_dict())


def test_olist_funnel_by_channel_and_month_equals_pandas(olist: Path, olist_leads: pd.DataFrame) -> None:
    """Leads, wins and the time between them: every lead is an MQL, and a deal implies the stages before it."""
    deals = pd.read_csv(DATA / "olist" / "olist_closed_deals_dataset.csv").set_index("mql_id")["won_date"]
    leads = olist_leads.assign(
        created=_in_utc(olist_leads["first_contact_date"], "America/Sao_Paulo"),
        won=_in_utc(olist_leads["mql_id"].map(deals), "America/Sao_Paulo"),
        month=pd.to_datetime(olist_leads["first_contact_date"]).dt.to_period("M").dt.start_time.dt.date,
    )
    leads["minutes"] = ((leads["won"] - leads["created"]).dt.total_seconds() / 60).clip(lower=0)
    by_cohort = leads.groupby(["month", "origin"]).agg(
        leads=("mql_id", "size"), wins=("won", "count"), minutes=("minutes", "median")
    )

    found = query(
        olist,
        """
        select period_start, dimension_value, max(entered) filter (step = 'lead'), max(entered) filter (step = 'won'),
            max(median_minutes) filter (step = 'mql')
        from marts.mart_funnel
        where view = 'cohort' and period_grain = 'month' and dimension = 'channel'
        group by all
        """,
    )

    assert {(month, channel): (entered, won) for month, channel, entered, won, _ in found} == {
        key: (row.leads, row.wins) for key, row in by_cohort.iterrows()
    }
    minutes = {(month, channel): median for month, channel, _, _, median in found if median is not None}
    assert minutes == pytest.approx(by_cohort["minutes"].dropna().to_dict())


def test_olist_wins_by_the_month_they_were_won_in(olist: Path, olist_leads: pd.DataFrame) -> None:
    deals = pd.read_csv(DATA / "olist" / "olist_closed_deals_dataset.csv").merge(olist_leads, on="mql_id")
    months = pd.to_datetime(deals["won_date"]).dt.to_period("M").dt.start_time.dt.date

    found = query(
        olist,
        """
        select period_start, dimension_value, entered
        from marts.mart_funnel
        where view = 'period' and period_grain = 'month' and dimension = 'channel' and step = 'won' and entered > 0
        """,
    )

    expected = deals.groupby([months, "origin"]).size().to_dict()
    assert {(month, channel): won for month, channel, won in found} == expected


def test_crm_sales_stages_and_won_value(crm_sales: Path) -> None:
    found = query(
        crm_sales,
        "select stage, count(*), sum(amount) filter (where is_won) from marts.fct_opportunities group by stage",
    )

    assert {stage: count for stage, count, _ in found} == {
        "Won": 4238,
        "Lost": 2473,
        "Engaging": 1589,
        "Prospecting": 500,
    }
    assert sum(value for *_, value in found if value) == 10_005_534


def test_crm_sales_kpis_equal_pandas_on_the_raw_file(crm_sales: Path) -> None:
    deals = pd.read_csv(DATA / "crm_sales" / "sales_pipeline.csv")
    closed = deals[deals["deal_stage"].isin(["Won", "Lost"])].copy()
    closed["month"] = pd.to_datetime(closed["close_date"], format="%m/%d/%Y").dt.to_period("M").dt.start_time.dt.date
    expected = closed.groupby("month").agg(
        won=("deal_stage", lambda stage: int((stage == "Won").sum())),
        closed=("deal_stage", "size"),
        revenue=("close_value", "sum"),
    )

    found = query(
        crm_sales,
        """
        select period_start, max(numerator) filter (where kpi_id = 'win_rate'),
            max(denominator) filter (where kpi_id = 'win_rate'), max(value) filter (where kpi_id = 'revenue')
        from marts.mart_kpi_values
        where dimension = 'overall' and period_grain = 'month' and kpi_id in ('win_rate', 'revenue')
        group by period_start
        """,
    )

    assert {month: (int(won), int(count), int(value)) for month, won, count, value in found} == {
        month: (row.won, row.closed, int(row.revenue)) for month, row in expected.iterrows()
    }


@pytest.mark.parametrize(
    ("dimension", "column"), [("overall", None), ("owner", "sales_agent")], ids=["by month", "by owner and month"]
)
def test_crm_sales_win_rate_and_cycle_time_equal_pandas(
    crm_sales: Path, crm_sales_closed: pd.DataFrame, dimension: str, column: str | None
) -> None:
    keys = ["month", column] if column else ["month"]
    win_rates = crm_sales_closed.groupby(keys)["is_won"].mean()
    cycles = crm_sales_closed[crm_sales_closed["is_won"]].groupby(keys)["days"].median()

    found = query(
        crm_sales,
        """
        select kpi_id, period_start, coalesce(owner_name, dimension_value), value
        from marts.mart_kpi_values
        left join marts.dim_owner on dimension_value = owner_id
        where kpi_id in ('win_rate', 'median_sales_cycle_days') and period_grain = 'month' and dimension = $dimension
            and value is not null
        """,
        dimension=dimension,
    )

    for kpi_id, expected in (("win_rate", win_rates), ("median_sales_cycle_days", cycles)):
        values = {(month, owner) if column else month: value for kpi, month, owner, value in found if kpi == kpi_id}
        assert values == pytest.approx(expected.to_dict())


def test_crm_sales_win_rate_and_cycle_time_by_product_equal_pandas(
    crm_sales: Path, crm_sales_closed: pd.DataFrame
) -> None:
    """Product is no dimension of the KPIs: the table comes from the opportunities themselves."""
    won = crm_sales_closed[crm_sales_closed["is_won"]]
    win_rates = crm_sales_closed.groupby("product")["is_won"].mean()

    found = query(
        crm_sales,
        """
        select product, avg(is_won::int), median(epoch(closed_at - created_at) / 86400) filter (is_won)
        from marts.fct_opportunities
        where closed_at is not null
        group by product
        """,
    )

    assert {product: rate for product, rate, _ in found} == pytest.approx(win_rates.to_dict())
    cycles = won.groupby("product")["days"].median()
    assert {product: days for product, _, days in found} == pytest.approx(cycles.to_dict())
