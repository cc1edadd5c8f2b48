"""Hand-off errors a second time, in pandas from the facts, and against those planted in the sample company."""

from pathlib import Path

import duckdb
import pandas as pd
import pytest

import serving
from leadmill.settings import Home
from tests.nights import Company

GRACE = pd.read_csv(
    Path(__file__).parents[2] / "dbt_project" / "seeds" / "handoff_error_kinds.csv", index_col="error_kind"
)["grace_hours"]
Errors = set[tuple[str, str, str]]  # kind, journey or opportunity, state


def read(home: Path, sql: str) -> pd.DataFrame:
    with serving.open_marts(Home(path=home)) as connection:
        return connection.execute(sql).df()


@pytest.fixture(scope="session")
def as_of(company: Company) -> pd.Timestamp:
    return pd.Timestamp(company.as_ofs[-1]).tz_convert("UTC").tz_localize(None)


@pytest.fixture(scope="session")
def told(once: Path) -> pd.DataFrame:
    return read(once, "from marts.mart_handoff_errors")


@pytest.fixture(scope="session")
def journeys(once: Path) -> pd.DataFrame:
    """Journeys with whether the CRM says accepted, and the team and state of their owners."""
    found = read(once, "from marts.fct_lead_lifecycle left join marts.dim_owner using (owner_id)")
    with duckdb.connect(str(Home(path=once).warehouse), read_only=True) as warehouse:
        accepted = warehouse.execute("select lead_id, is_accepted from intermediate.int_lifecycle__journeys").df()
        watched = warehouse.execute(
            "select distinct lead_id from intermediate.int_lifecycle__lead_records "
            "join identity.record_person using (person_id) where record_person.source_system = 'salesforce'"
        ).df()["lead_id"]
    found["is_watched"] = found["lead_id"].isin(watched)
    found["over_at"] = found[["won_at", "lost_at", "next_journey_at"]].min(axis=1)
    return found.merge(accepted, on="lead_id")


def errors_of(
    kind: str, rows: pd.DataFrame, key: str, since: str, mended: str | None, closed: str, as_of: pd.Timestamp
) -> Errors:
    """Return the rows that were mended or closed after the grace of their kind, or not at all."""
    nothing = pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us]")
    mended_at = (
        rows[mended].where(rows[mended].isna() | (rows[mended] > rows[since]), rows[since]) if mended else nothing
    )
    is_mended = mended_at.notna() & ~(rows[closed] < mended_at)
    end = mended_at.where(is_mended, rows[closed])
    is_late = (end.fillna(as_of) > rows[since] + pd.Timedelta(hours=int(GRACE[kind]))) | (GRACE[kind] == 0)
    state = pd.Series("open", index=rows.index).mask(end.notna(), "closed").mask(is_mended, "mended")
    return {(kind, subject, found) for subject, found in zip(rows[key][is_late], state[is_late], strict=True)}


def told_errors(told: pd.DataFrame, kind: str, key: str) -> Errors:
    rows = told[(told["error_kind"] == kind) & told[key].notna()]
    return set(zip(rows["error_kind"], rows[key], rows["error_state"], strict=True))


def test_journeys_that_nobody_touched(told: pd.DataFrame, journeys: pd.DataFrame, as_of: pd.Timestamp) -> None:
    journeys = journeys[journeys["is_watched"]]
    taken_at = journeys["sal_at"].fillna(journeys["mql_at"]).fillna(journeys["created_at"])
    is_taken = (journeys["is_accepted"] | journeys["sal_at"].notna()) & journeys["first_touch_at"].isna()
    owned = journeys[journeys["mql_at"].notna() & journeys["owner_id"].notna()]

    assert told_errors(told, "sal_without_touch", "lead_id") == errors_of(
        "sal_without_touch", journeys.assign(since=taken_at)[is_taken], "lead_id", "since", None, "over_at", as_of
    )
    assert told_errors(told, "mql_without_touch", "lead_id") == errors_of(
        "mql_without_touch", owned, "lead_id", "mql_at", "first_touch_at", "over_at", as_of
    )


def test_journeys_without_owner_or_opportunity(told: pd.DataFrame, journeys: pd.DataFrame, as_of: pd.Timestamp) -> None:
    ownerless = journeys[journeys["mql_at"].notna() & journeys["owner_id"].isna()]
    qualified = journeys[journeys["sql_at"].notna()]

    open_or_closed = {error for error in told_errors(told, "mql_without_owner", "lead_id") if error[2] != "mended"}
    assert open_or_closed == errors_of("mql_without_owner", ownerless, "lead_id", "mql_at", None, "over_at", as_of)
    assert told_errors(told, "sql_without_opportunity", "lead_id") == errors_of(
        "sql_without_opportunity", qualified, "lead_id", "sql_at", "opportunity_at", "over_at", as_of
    )


def test_opportunities_without_lead_or_with_a_wrong_owner(
    once: Path, told: pd.DataFrame, journeys: pd.DataFrame, as_of: pd.Timestamp
) -> None:
    opportunities = read(once, "from marts.fct_opportunities left join marts.dim_owner using (owner_id)").merge(
        journeys[["lead_id", "owner_id"]].rename(columns={"owner_id": "lead_owner_id"}), on="lead_id", how="left"
    )
    is_other = opportunities["lead_owner_id"].notna() & (opportunities["owner_id"] != opportunities["lead_owner_id"])
    is_gone = (opportunities["owner_state"] != "active") & ~opportunities["is_closed"]
    wrong = opportunities[is_other | is_gone]
    stray = opportunities[opportunities["lead_id"].isna()]
    columns = ("opportunity_id", "created_at", None, "closed_at", as_of)

    assert told_errors(told, "wrong_owner", "opportunity_id") == errors_of("wrong_owner", wrong, *columns)
    assert told_errors(told, "opportunity_without_lead", "opportunity_id") == errors_of(
        "opportunity_without_lead", stray, *columns
    )


def test_opportunities_that_nobody_works_on(once: Path, told: pd.DataFrame, as_of: pd.Timestamp) -> None:
    opportunities = read(once, "from marts.fct_opportunities")
    stages = read(once, "from marts.fct_opportunity_stage_events where entered_at > created_at")
    with duckdb.connect(str(Home(path=once).warehouse), read_only=True) as warehouse:
        done = warehouse.execute(
            "select opportunity_record_id as record_id, occurred_at from intermediate.int_canonical__activities "
            "where is_completed and opportunity_record_id is not null"
        ).df()
        of_leads = warehouse.execute(
            "select lead_id, occurred_at from intermediate.int_lifecycle__activities where is_completed"
        ).df()
    # Closing is no work.
    moves = stages[~(stages["entered_at"] >= stages["closed_at"])].rename(columns={"entered_at": "occurred_at"})
    keys = opportunities[["opportunity_id", "record_id", "lead_id", "created_at"]]
    tries = [keys.merge(done, on="record_id"), keys.dropna(subset="lead_id").merge(of_leads, on="lead_id"), moves]
    work = pd.concat(tries)
    first = work[work["occurred_at"] >= work["created_at"]].groupby("opportunity_id")["occurred_at"].min()
    rows = opportunities.assign(worked_at=opportunities["opportunity_id"].map(first))

    expected = errors_of(
        "opportunity_without_activity", rows, "opportunity_id", "created_at", "worked_at", "closed_at", as_of
    )
    assert "closed" in {state for _, _, state in expected}
    assert told_errors(told, "opportunity_without_activity", "opportunity_id") == expected


def test_what_was_planted_is_found(once: Path, company: Company, told: pd.DataFrame, as_of: pd.Timestamp) -> None:
    planted = pd.read_parquet(company.folder / "truth" / "handoff_errors.parquet")
    with duckdb.connect(str(Home(path=once).warehouse), read_only=True) as warehouse:
        records = warehouse.execute(
            """
            select 'lead' as record_type, record_id, lead_id as subject
            from intermediate.int_lifecycle__lead_records
            where lead_kind = 'crm'
            union all
            select 'opportunity', record_id, opportunity_id from marts.fct_opportunities
            """
        ).df()
        # Those of who has left are told while they are open: who closed one may have left since.
        done = warehouse.execute(
            """
            select opportunity_id
            from marts.fct_opportunities as opportunities
            left join marts.fct_lead_lifecycle as journeys using (lead_id)
            where is_closed and (journeys.owner_id is null or opportunities.owner_id = journeys.owner_id)
            """
        ).df()["opportunity_id"]
    due = planted[planted["since_at"] + pd.to_timedelta(planted["error_kind"].map(GRACE), unit="h") < as_of]
    expected = due.merge(records, on=["record_type", "record_id"])
    expected = expected[(expected["error_kind"] != "wrong_owner") | ~expected["subject"].isin(done)]
    found = set(zip(told["error_kind"], told["opportunity_id"].fillna(told["lead_id"]), strict=True))

    missed = [pair for pair in zip(expected["error_kind"], expected["subject"], strict=True) if pair not in found]

    assert set(expected["error_kind"]) >= {"mql_without_owner", "sal_without_touch", "wrong_owner"}
    assert not missed
