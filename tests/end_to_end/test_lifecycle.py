"""The lifecycle a second time in plain Python, its invariants, and definitions that change with a quarter."""

import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from leadmill.settings import Home
from tests.end_to_end.test_scores import read, seed

STAGES = ["created_at", "mql_at", "sal_at", "sql_at", "opportunity_at", "won_at"]
JUDGING_MODELS = {
    "int_scoring__crossings": "intermediate/scoring",
    "int_lifecycle__evidence": "intermediate/lifecycle",
    "int_lifecycle__stage_times": "intermediate/lifecycle",
    "fct_lead_lifecycle": "marts/funnel",
}


def from_warehouse(home: Path, sql: str) -> pd.DataFrame:
    with duckdb.connect(str(Home(path=home).warehouse), read_only=True) as connection:
        return connection.execute(sql).df()


@pytest.fixture(scope="session")
def lifecycle(once: Path) -> pd.DataFrame:
    return read(once, "from marts.fct_lead_lifecycle")


def test_conversion_point_is_the_first_rule_that_matches(once: Path) -> None:
    journeys = read(
        once,
        """
        select lifecycle.*, campaigns.campaign_name, contents.content_name
        from marts.fct_lead_lifecycle as lifecycle
        left join marts.dim_campaign as campaigns using (campaign_id)
        left join marts.dim_content as contents using (content_id)
        """,
    )
    records = from_warehouse(
        once, "select lead_id, lead_kind, record_rank from intermediate.int_lifecycle__lead_records"
    )
    kinds = records[records["record_rank"] == 1].set_index("lead_id")["lead_kind"]
    rules = seed("conversion_points").astype({"rule_order": int}).sort_values("rule_order").to_dict("records")

    def told(journey: dict[str, Any]) -> str:
        texts = {
            "content": journey["content_name"],
            "campaign": None
            if journey["campaign_id"] == "unattributed"
            else f"{journey['campaign_id']} {journey['campaign_name']}",
            "channel": None if journey["channel"] == "unattributed" else journey["channel"],
            "lead_kind": kinds[journey["lead_id"]],
        }
        for rule in rules:
            text = texts[rule["attribute"]]
            if isinstance(text, str) and re.search(rule["pattern"], text.lower()):
                return str(rule["conversion_point"])
        return "unattributed"

    expected = [told(journey) for journey in journeys.to_dict("records")]

    assert journeys["conversion_point"].tolist() == expected
    assert {"demo", "trade_show", "other"} <= set(expected)


def test_a_journey_sleeps_when_nothing_happens(once: Path, lifecycle: pd.DataFrame) -> None:
    days = pd.Timedelta(days=int(seed("stage_definitions").set_index("rule").loc["dormant_after_days", "parameter"]))
    passive = set(seed("passive_events")["event_name"])
    as_of = read(once, "select as_of from marts.mart_run").loc[0, "as_of"]
    events = read(once, "select person_id, event_name, occurred_at from marts.fct_events where person_id is not null")
    by_person = events[~events["event_name"].isin(passive)].groupby("person_id")["occurred_at"].apply(list).to_dict()
    activities = from_warehouse(once, "from intermediate.int_lifecycle__activities where is_completed")
    by_lead = activities.groupby("lead_id")["occurred_at"].apply(list).to_dict()
    expected = []
    for journey in lifecycle.to_dict("records"):
        ends = [journey[column] for column in ("won_at", "lost_at", "next_journey_at") if pd.notna(journey[column])]
        end = min([as_of, *ends])
        moments = [*by_person.get(journey["person_id"], []), *by_lead.get(journey["lead_id"], [])]
        awake = sorted({journey["created_at"], *(time for time in moments if journey["created_at"] < time < end)})
        for time, following in zip(awake, [*awake[1:], None], strict=True):
            if time + days < (following or end):
                expected.append((journey["lead_id"], "dormant", time + days))
                if following:
                    expected.append((journey["lead_id"], "reactivated", following))

    rounds = read(once, "from marts.fct_lead_stage_events where stage in ('dormant', 'reactivated')")
    asleep = rounds[(rounds["stage"] == "dormant") & rounds["left_at"].isna()]

    assert sorted(zip(rounds["lead_id"], rounds["stage"], rounds["entered_at"], strict=True)) == sorted(expected)
    assert {"dormant", "reactivated"} == set(rounds["stage"])
    assert set(asleep["lead_id"]) == set(lifecycle.loc[lifecycle["is_dormant"], "lead_id"])


def test_account_view_is_the_journeys_and_opportunities_of_the_account(once: Path, lifecycle: pd.DataFrame) -> None:
    opportunities = read(once, "from marts.fct_opportunities where account_id is not null")
    accounts = read(once, "from marts.fct_account_lifecycle").set_index("account_id").sort_index()
    journeys = lifecycle[lifecycle["account_id"].notna()]
    first = journeys.groupby("account_id")[STAGES].min().reindex(accounts.index)
    own = opportunities.groupby("account_id")
    first["opportunity_at"] = own["created_at"].min()
    first["won_at"] = opportunities[opportunities["is_won"]].groupby("account_id")["closed_at"].min()
    expected = first[STAGES[::-1]].cummin(axis=1)[STAGES]  # whoever reached a stage reached those below it
    # A running minimum leaves gaps where the stage itself is unknown but a later one is known.
    expected = expected[STAGES[::-1]].ffill(axis=1)[STAGES]

    assert set(accounts.index) == set(journeys["account_id"]) | set(opportunities["account_id"])
    for stage in STAGES:
        assert accounts[stage].equals(expected[stage].astype(accounts[stage].dtype)), stage
    assert accounts["journeys"].sum() == len(journeys)
    assert accounts["won_amount"].sum() == opportunities.loc[opportunities["is_won"], "amount"].sum()
    assert accounts["open_amount"].sum() == opportunities.loc[~opportunities["is_closed"], "amount"].sum()


def test_backward_steps_of_opportunities(once: Path) -> None:
    entered = read(
        once, "from marts.fct_opportunity_stage_events order by opportunity_id, entered_at, stage_order, stage"
    )
    before = entered.groupby("opportunity_id")["stage_order"].shift()
    # Won stands before lost in the list: an order taken back is the one way back to a later place.
    taken_back = (before == 8) & (entered["stage_order"] == 9)

    assert (entered["is_backward"] == ((entered["stage_order"] < before) | taken_back)).all()


@pytest.fixture
def judge(once: Path, tmp_path: Path) -> Any:
    """Return a function that judges the journeys of `once` by other stage definitions, with the compiled models."""
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copy(Home(path=once).warehouse, warehouse)
    compiled = Home(path=once).dbt_target / "compiled" / "leadmill"

    def judged(definitions: pd.DataFrame) -> pd.DataFrame:
        with duckdb.connect(str(warehouse)) as connection:
            columns = connection.execute("describe staging.stage_definitions").fetchall()
            typed = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind, *_ in columns)
            connection.execute(f"create or replace table staging.stage_definitions as select {typed} from definitions")
            for model, folder in JUDGING_MODELS.items():
                schema = folder.split("/")[0]
                sql = (compiled / "models" / folder / f"{model}.sql").read_text()
                connection.execute(f"create or replace table {schema}.{model} as {sql}")
            return connection.execute("from marts.fct_lead_lifecycle order by lead_id").df()

    return judged


def second_version(valid_from: str, ends: str) -> pd.DataFrame:
    """Return v1 until a quarter's end, and from the next quarter on v2, whose MQL is fit and behaviour."""
    v1 = seed("stage_definitions")
    mql = v1[v1["stage"] == "mql"].assign(rule="fit_at_least", parameter="10")
    v2 = pd.concat([v1[v1["stage"] != "mql"], mql, mql.assign(rule="behaviour_at_least", parameter="30")])
    return pd.concat(
        [v1.assign(valid_to=ends), v2.assign(definition_version="v2", valid_from=valid_from)], ignore_index=True
    )


def test_a_new_version_judges_the_journeys_of_its_quarters_only(
    judge: Any, lifecycle: pd.DataFrame, once: Path
) -> None:
    quarter = pd.Timestamp("2026-03-31 15:00")  # 1 April in Tokyo
    before = lifecycle.sort_values("lead_id", ignore_index=True)

    after = judge(second_version("2026-04-01", "2026-03-31"))

    old = before["created_at"] < quarter
    pd.testing.assert_frame_equal(after[old], before[old])
    assert set(after.loc[old, "definition_version"]) == {"v1"}
    assert set(after.loc[~old, "definition_version"]) == {"v2"}
    judged = after[~old & (after["mql_reason"] == "recorded")]
    scores = from_warehouse(
        once, "select lead_id, sum(points) as fit from intermediate.int_scoring__fit_points group by 1"
    )
    assert len(judged)
    assert (scores.set_index("lead_id")["fit"].reindex(judged["lead_id"]) >= 10).all()
    assert not after.loc[~old, "mql_at"].equals(before.loc[~old, "mql_at"])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"valid_from": "2026-04-02"}, "does not hold for whole quarters"),
        ({"valid_from": "2026-07-01"}, "gap to or overlap"),
        ({"valid_from": "2026-01-01"}, "gap to or overlap"),
        ({"rule": "warm_feeling"}, "the language knows no such rule"),
        ({"rule": "touch_within_hours", "parameter": "24"}, "this stage may not use the rule"),
        ({"rule": "behaviour_at_least", "parameter": "0"}, "needs a parameter from 1 to 1000"),
        ({"rule": "marked", "parameter": "3"}, "takes no parameter"),
        ({"rule": "crm_field_equals", "parameter": None, "field": "mood", "value": "good"}, "takes a field"),
        ({"stage": "sal"}, "the version does not define the stage"),
        ({"stage_order": "4"}, "not at this place of the funnel"),
    ],
)
def test_an_unsound_definition_is_refused_with_the_reason(
    once: Path, tmp_path: Path, change: dict[str, str | None], problem: str
) -> None:
    definitions = second_version("2026-04-01", "2026-03-31")
    changed = definitions["definition_version"] == "v2"
    if "valid_from" not in change:
        changed &= definitions["stage"] == "mql"
    for column, value in change.items():
        definitions.loc[changed, column] = value
    test = Home(path=once).dbt_target / "compiled" / "leadmill" / "tests" / "funnel" / "stage_definitions_are_sound.sql"

    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create schema staging")
        connection.execute(
            """
            create table staging.stage_definitions as
            select * replace (
                cast(valid_from as date) as valid_from, cast(valid_to as date) as valid_to,
                cast(stage_order as integer) as stage_order, cast(alternative as integer) as alternative,
                cast(parameter as integer) as parameter
            )
            from definitions
            """
        )
        problems = [row[1] for row in connection.execute(test.read_text()).fetchall()]

    assert any(problem in found for found in problems), problems
