"""The web funnel and the exits a second time, in pandas from the web events and sessions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

import serving
from leadmill.settings import Home

STEPS = Path(__file__).parents[2] / "dbt_project" / "seeds" / "web_funnel_steps.csv"
GRAINS = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "all": None}
DIMENSIONS = {"overall": "overall", "channel": "channel", "campaign": "campaign_id", "page": "landing_path"}
FUNNEL = ["population", "period_grain", "period_start", "dimension", "dimension_value"]
TIMELESS = pd.Timestamp("1900-01-01")  # stands for the period start of `all`, so that keys compare


def read(home: Path, sql: str) -> pd.DataFrame:
    """Return rows of the published marts, with a comparable period start where they have one."""
    with serving.open_marts(Home(path=home)) as connection:
        found = connection.execute(sql).df()
    if "period_start" in found:
        found["period_start"] = pd.to_datetime(found["period_start"]).fillna(TIMELESS)
    return found


def in_every_period(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows once for each grain, with the first day of the period they fall in."""
    days = rows["started_at"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo").dt.tz_localize(None).dt.normalize()
    calendar = pd.Series(days.unique(), index=days.unique())
    parts = []
    for grain, frequency in GRAINS.items():
        starts = TIMELESS if frequency is None else days.map(calendar.dt.to_period(frequency).dt.start_time)
        parts.append(rows.assign(period_grain=grain, period_start=starts))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="session")
def events(once: Path) -> pd.DataFrame:
    return read(once, "from marts.fct_events where session_id is not null")


@pytest.fixture(scope="session")
def sessions(once: Path, events: pd.DataFrame) -> pd.DataFrame:
    """The sessions with the furthest step that one of their events shows."""
    found = read(once, "from marts.fct_sessions").assign(overall="all", reached=1)
    found[["campaign_id", "landing_path"]] = found[["campaign_id", "landing_path"]].fillna("unattributed")
    found = found.set_index("session_id", drop=False).rename_axis(None)
    for rule in pd.read_csv(STEPS).dropna(subset="event_name").itertuples():
        shown = events[events["event_name"] == rule.event_name]
        if isinstance(rule.page_pattern, str):
            shown = shown[shown["page_path"].str.contains(rule.page_pattern, regex=True, na=False)]
        here = found.index.isin(shown["session_id"])
        found.loc[here, "reached"] = found.loc[here, "reached"].clip(lower=rule.step_order)
    return found


@pytest.fixture(scope="session")
def journeys(sessions: pd.DataFrame) -> pd.DataFrame:
    """Both populations: sessions, and visitors at their first session with what any of theirs reached."""
    first = sessions.sort_values(["started_at", "session_id"]).groupby("visitor_id").head(1).copy()
    first["reached"] = first["visitor_id"].map(sessions.groupby("visitor_id")["reached"].max())
    return pd.concat(
        [
            sessions.assign(population="session", journey=sessions["session_id"]),
            first.assign(population="visitor", journey=first["visitor_id"]),
        ],
        ignore_index=True,
    )


def counted(journeys: pd.DataFrame, dimension: str, column: str) -> pd.DataFrame:
    """Return how many came to each of the four steps or further."""
    columns = ["population", "started_at", "reached", column]
    keys = ["population", "period_grain", "period_start", column]
    stayed = in_every_period(journeys[columns]).groupby([*keys, "reached"]).size().unstack(fill_value=0)
    entered = stayed.reindex(columns=[4, 3, 2, 1], fill_value=0).cumsum(axis=1)
    entered.columns.name = "step_order"
    rows = entered.stack().rename("entered_again").reset_index()
    return rows.rename(columns={column: "dimension_value"}).assign(dimension=dimension)


@pytest.fixture(scope="session")
def again(journeys: pd.DataFrame, events: pd.DataFrame, sessions: pd.DataFrame) -> pd.DataFrame:
    visitors = events["session_id"].map(sessions["visitor_id"])
    met = pd.concat(
        [
            pd.DataFrame(
                {"population": "session", "journey": events["session_id"], "content_id": events["content_id"]}
            ),
            pd.DataFrame({"population": "visitor", "journey": visitors, "content_id": events["content_id"]}),
        ]
    )
    met = met.dropna().drop_duplicates().merge(journeys, on=["population", "journey"])
    parts = [counted(journeys, dimension, column) for dimension, column in DIMENSIONS.items()]
    return pd.concat([*parts, counted(met, "content", "content_id")], ignore_index=True)


def test_every_step_of_the_web_funnel_equals_pandas(once: Path, again: pd.DataFrame) -> None:
    funnel = read(once, "from marts.mart_web_funnel")

    compared = funnel.merge(again, on=[*FUNNEL, "step_order"], how="outer", indicator=True)
    compared = compared.sort_values([*FUNNEL, "step_order"], ignore_index=True)

    assert (compared["_merge"] == "both").all()
    assert (compared["entered"] == compared["entered_again"]).all()
    onward = compared.groupby(FUNNEL)["entered_again"].shift(-1)
    assert (compared["passed"].fillna(-1) == onward.fillna(-1)).all()
    assert (compared["dropped"].fillna(-1) == (compared["entered_again"] - onward).fillna(-1)).all()


def test_rates_of_the_web_funnel_are_shares_with_intervals(once: Path) -> None:
    funnel = read(
        once, "from marts.mart_web_funnel where passed is not null and entered > 0 and period_grain = 'quarter'"
    )
    intervals = [
        binomtest(int(row.passed), int(row.entered)).proportion_ci(method="wilson") for row in funnel.itertuples()
    ]

    np.testing.assert_allclose(funnel["pass_rate"], funnel["passed"] / funnel["entered"])
    np.testing.assert_allclose(funnel["pass_rate"] + funnel["drop_off_rate"], 1)
    np.testing.assert_allclose(funnel["pass_rate_low"], [interval.low for interval in intervals], atol=1e-12)
    np.testing.assert_allclose(funnel["pass_rate_high"], [interval.high for interval in intervals], atol=1e-12)


def test_each_session_and_each_visitor_is_counted_once(once: Path, sessions: pd.DataFrame) -> None:
    funnel = read(once, "from marts.mart_web_funnel where step_order = 1 and dimension != 'content'")

    totals = funnel.groupby(["population", "period_grain", "dimension"])["entered"].sum().unstack([1, 2])

    assert (totals.loc["session"] == len(sessions)).all()
    assert (totals.loc["visitor"] == sessions["visitor_id"].nunique()).all()


def test_purchases_are_the_converted_sessions(once: Path, sessions: pd.DataFrame) -> None:
    ((purchases,),) = read(
        once,
        "select entered from marts.mart_web_funnel where population = 'session' and step = 'purchase' "
        "and dimension = 'overall' and period_grain = 'all'",
    ).to_numpy()

    assert purchases == sessions["is_converted"].sum() > 0


def test_every_exit_equals_pandas(once: Path, events: pd.DataFrame, sessions: pd.DataFrame) -> None:
    exits = read(once, "from marts.mart_web_exits")
    views = events[(events["event_name"] == "page_view") & events["page_path"].notna()]
    last = views.sort_values(["occurred_at", "event_id"]).groupby("session_id")["page_path"].last()
    seen = views[["session_id", "page_path"]].drop_duplicates().reset_index(drop=True)
    seen = seen.join(sessions[["started_at", "landing_path", "page_view_count", "is_converted"]], on="session_id")
    seen["entries"] = seen["page_path"] == seen["landing_path"]
    seen["bounces"] = seen["entries"] & (seen["page_view_count"] == 1)
    seen["exits"] = seen["page_path"] == seen["session_id"].map(last)
    seen["unconverted_exits"] = seen["exits"] & ~seen["is_converted"]
    counts = ["entries", "bounces", "exits", "unconverted_exits"]
    grouped = in_every_period(seen).groupby(["period_grain", "period_start", "page_path"])
    expected = grouped[counts].sum().assign(sessions=grouped.size())

    found = exits.set_index(expected.index.names)

    assert len(found) == len(expected)
    for column in ["sessions", *counts]:
        pd.testing.assert_series_equal(found[column], expected[column].reindex(found.index), check_dtype=False)
    np.testing.assert_allclose(found["exit_rate"], found["exits"] / found["sessions"])
    np.testing.assert_allclose(found["drop_off_rate"], found["unconverted_exits"] / found["sessions"])
    assert found["drop_off_rate"].between(found["drop_off_rate_low"], found["drop_off_rate_high"]).all()


def test_each_session_with_a_page_ends_on_one(once: Path, events: pd.DataFrame) -> None:
    with_page = events.loc[events["event_name"] == "page_view", "session_id"].nunique()

    totals = read(once, "select period_grain, sum(exits) as exits from marts.mart_web_exits group by period_grain")

    assert set(totals["period_grain"]) == set(GRAINS)
    assert (totals["exits"] == with_page).all()
