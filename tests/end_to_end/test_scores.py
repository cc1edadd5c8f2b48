"""Lead scores, hot leads and what became of them, a second time: lead by lead from the facts and the seeds."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import serving
from leadmill.settings import Home
from leadmill.transformation import PROJECT


def read(home: Path, sql: str) -> pd.DataFrame:
    """Return rows of the published marts."""
    with serving.open_marts(Home(path=home)) as connection:
        return connection.execute(sql).df()


def seed(name: str) -> pd.DataFrame:
    """Return a seed as text, absent values as None."""
    rows = pd.read_csv(PROJECT / "seeds" / f"{name}.csv", dtype=str)
    return rows.astype(object).where(rows.notna(), None)


@pytest.fixture(scope="session")
def rules() -> dict[str, dict[str, Any]]:
    """The scoring rules by id, numbers as numbers."""
    found = {}
    for rule in seed("scoring_rules").to_dict("records"):
        rule["points"] = int(rule["points"])
        if rule["kind"] == "behaviour":
            rule["at_most"], rule["valid"] = int(rule["at_most"]), pd.Timedelta(days=int(rule["valid_days"]))
        found[str(rule["rule_id"])] = rule
    return found


@pytest.fixture(scope="session")
def leads(once: Path) -> pd.DataFrame:
    """The journeys with what fit rules look at, and the moment their score speaks of."""
    found = read(
        once,
        """
        select lifecycle.*, persons.has_business_address, persons.is_free_mail, accounts.is_target, run.as_of
        from marts.fct_lead_lifecycle as lifecycle
        left join marts.dim_person as persons using (person_id)
        left join marts.dim_account as accounts on lifecycle.account_id = accounts.account_id
        cross join marts.mart_run as run
        """,
    )
    found["scored_at"] = found["next_journey_at"].fillna(found["as_of"])
    found["ended_at"] = found[["won_at", "lost_at", "next_journey_at"]].min(axis=1)
    return found


@pytest.fixture(scope="session")
def done(once: Path, rules: dict[str, dict[str, Any]]) -> dict[str, dict[str, list[pd.Timestamp]]]:
    """When each person did what a behaviour rule counts, once a visit: person → rule → moments."""
    events = read(
        once,
        """
        select person_id, event_name, content_id, conversion_point, session_id, occurred_at
        from marts.fct_events
        left join marts.dim_content using (content_id)
        where person_id in (select person_id from marts.fct_lead_lifecycle)
        order by occurred_at
        """,
    )
    found: dict[str, dict[str, list[pd.Timestamp]]] = {}
    for rule_id, rule in rules.items():
        if rule["kind"] != "behaviour":
            continue
        counted = events[events["event_name"] == rule["event_name"]]
        if rule["attribute"]:
            texts = counted[rule["attribute"]].fillna("")
            counted = counted[[bool(re.search(rule["condition"], text)) for text in texts]]
        seen_again = counted["session_id"].notna() & counted.duplicated(["person_id", "session_id"])
        counted = counted[~seen_again]
        for person_id, occurred_at in zip(counted["person_id"], counted["occurred_at"], strict=True):
            found.setdefault(person_id, {}).setdefault(rule_id, []).append(occurred_at)
    return found


def fit_lines(lead: dict[str, Any], rules: dict[str, dict[str, Any]]) -> dict[str, tuple[int, int]]:
    """Return times and points of each fit rule that the lead meets."""
    lines = {}
    for rule_id, rule in rules.items():
        if rule["kind"] != "fit" or pd.isna(lead[rule["attribute"]]):
            continue
        if re.search(rule["condition"], str(lead[rule["attribute"]]).lower()):
            lines[rule_id] = (1, rule["points"])
    return lines


def behaviour_lines(
    moments: dict[str, list[pd.Timestamp]], rules: dict[str, dict[str, Any]], at: pd.Timestamp, *, included: bool
) -> dict[str, tuple[int, int]]:
    """Return times and points of what is valid at a moment; `included`: what happens at that moment counts already."""
    lines = {}
    for rule_id, times in moments.items():
        rule = rules[rule_id]
        valid = sum((time <= at if included else time < at) and time + rule["valid"] > at for time in times)
        if valid:
            lines[rule_id] = (valid, min(valid, rule["at_most"]) * rule["points"])
    return lines


def test_score_and_its_lines(
    once: Path, leads: pd.DataFrame, done: dict[str, dict[str, list[pd.Timestamp]]], rules: dict[str, dict[str, Any]]
) -> None:
    expected: dict[tuple[str, str], tuple[int, int]] = {}
    for lead in leads.to_dict("records"):
        lines = fit_lines(lead, rules) | behaviour_lines(
            done.get(lead["person_id"], {}), rules, lead["scored_at"], included=False
        )
        expected |= {(lead["lead_id"], rule_id): line for rule_id, line in lines.items()}

    lines = read(once, "from marts.fct_lead_score_lines")
    found = {(row["lead_id"], row["rule_id"]): (row["times"], row["points"]) for row in lines.to_dict("records")}
    scores = read(once, "from marts.fct_lead_scores").set_index("lead_id")
    summed = lines.groupby("lead_id")["points"].sum().reindex(scores.index, fill_value=0)

    assert found == expected
    assert (scores["score"] == summed).all()
    assert (scores["score"] == scores["fit_score"] + scores["behaviour_score"]).all()
    assert (leads.set_index("lead_id")["score"].sort_index() == scores["score"].sort_index()).all()


def hot_by_score(
    lead: dict[str, Any],
    moments: dict[str, list[pd.Timestamp]],
    rules: dict[str, dict[str, Any]],
    threshold: int,
) -> pd.Timestamp | None:
    """Return the first moment of the journey at which the score reaches the threshold."""
    fit = sum(points for _, points in fit_lines(lead, rules).values())
    changes = {time for times in moments.values() for time in times}
    changes |= {time + rules[rule_id]["valid"] for rule_id, times in moments.items() for time in times}
    for at in sorted({lead["created_at"], *(time for time in changes if time > lead["created_at"])}):
        score = fit + sum(points for _, points in behaviour_lines(moments, rules, at, included=True).values())
        if at < lead["scored_at"] and score >= threshold:
            return at
    return None


def hot_by_behaviour(lead: dict[str, Any], times: list[pd.Timestamp], at_least: int, days: int) -> pd.Timestamp | None:
    """Return the first moment of the journey that has so many different moments in the days before it."""
    distinct = sorted(set(times))
    for at in [lead["created_at"], *(time for time in distinct if time > lead["created_at"])]:
        if sum(at - pd.Timedelta(days=days) < time <= at for time in distinct) >= at_least:
            return at
    return None


@pytest.fixture(scope="session")
def hot_leads(
    leads: pd.DataFrame, done: dict[str, dict[str, list[pd.Timestamp]]], rules: dict[str, dict[str, Any]]
) -> dict[tuple[str, str], pd.Timestamp]:
    """When each rule made a journey hot, while it was open."""
    found = {}
    hot_rules = seed("hot_lead_rules").to_dict("records")
    for lead in leads.to_dict("records"):
        moments = done.get(lead["person_id"], {})
        for rule in hot_rules:
            if rule["kind"] == "score":
                hot_at = hot_by_score(lead, moments, rules, int(rule["threshold"]))
            else:
                times = moments.get(rule["scoring_rule_id"], [])
                hot_at = hot_by_behaviour(lead, times, int(rule["at_least"]), int(rule["within_days"]))
            if hot_at is not None and not hot_at >= lead["ended_at"]:
                found[lead["lead_id"], str(rule["rule_id"])] = hot_at
    return found


def test_hot_leads(once: Path, hot_leads: dict[tuple[str, str], pd.Timestamp]) -> None:
    found = read(once, "from marts.fct_hot_leads").to_dict("records")

    assert {(row["lead_id"], row["rule_id"]): row["hot_at"] for row in found} == hot_leads
    assert {row["kind"] for row in found} == {"score", "behaviour"}


def test_what_became_of_hot_leads(
    once: Path, leads: pd.DataFrame, hot_leads: dict[tuple[str, str], pd.Timestamp]
) -> None:
    kinds = dict(seed("hot_lead_rules")[["rule_id", "kind"]].to_numpy())
    members = []
    for lead in leads.to_dict("records"):
        hot = {rule_id: at for (lead_id, rule_id), at in hot_leads.items() if lead_id == lead["lead_id"]}
        first = {
            kind: min(at for rule_id, at in hot.items() if kinds[rule_id] == kind)
            for kind in {kinds[rule] for rule in hot}
        }
        overlap = "both" if len(first) == 2 else f"{next(iter(first))}_only" if first else "neither"
        groups = {("rule", rule_id): at for rule_id, at in hot.items()}
        groups |= {("kind", kind): at for kind, at in first.items()}
        groups |= {("overlap", overlap): min(first.values(), default=lead["created_at"])}
        members += [
            {
                "group_type": group_type,
                "group_id": group_id,
                "journeys": 1,
                "journeys_hot_by_both": len(first) == 2,
                "journeys_with_meeting": lead["last_meeting_at"] >= since,
                "journeys_with_sql": lead["sql_at"] >= since,
                "journeys_with_order": lead["won_at"] >= since,
            }
            for (group_type, group_id), since in groups.items()
        ]
    expected = pd.DataFrame(members).groupby(["group_type", "group_id"]).sum().astype("int64")

    found = read(once, "from marts.mart_hot_lead_rules").set_index(["group_type", "group_id"]).sort_index()
    told = found.loc[found["journeys"] > 0]

    pd.testing.assert_frame_equal(told[expected.columns], expected, check_dtype=False)
    assert (told["meeting_rate"] == told["journeys_with_meeting"] / told["journeys"]).all()
    assert told["meeting_rate"].between(told["meeting_rate_low"], told["meeting_rate_high"]).all()
    assert told.loc["overlap", "journeys"].sum() == len(leads)
