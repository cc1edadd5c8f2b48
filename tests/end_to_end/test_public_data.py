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
