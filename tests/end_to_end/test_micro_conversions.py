"""Micro-conversions and the content report a second time, in pandas and scipy from the facts and the seeds."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from leadmill.settings import Home
from leadmill.transformation import PROJECT

GRAINS = {"month": "M", "quarter": "Q", "all": None}
TIMELESS = pd.Timestamp("1900-01-01")  # stands for the period start of `all`, so that keys compare
KEY = ["mcv_id", "period_grain", "period_start", "dimension", "dimension_value"]
COUNTS = ["volume", "final_conversions", "population", "waiting", "reached", "converted", "reached_converted"]
OUTCOME = pd.Timedelta(days=30)


def read(home: Path, sql: str) -> pd.DataFrame:
    with duckdb.connect(str(Home(path=home).warehouse), read_only=True) as connection:
        return connection.execute(sql).df()


def mart(home: Path, name: str) -> pd.DataFrame:
    found = read(home, f"from marts.{name}")
    found["period_start"] = found["period_start"].fillna(TIMELESS).astype("datetime64[us]")
    return found


def seed(name: str) -> pd.DataFrame:
    return pd.read_csv(PROJECT / "seeds" / f"{name}.csv")


def business_days(times: pd.Series) -> pd.Series:
    return times.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo").dt.tz_localize(None).dt.normalize()


def while_valid(days: pd.Series, rule: pd.Series) -> pd.Series:
    """Return on which of the days a definition is valid."""
    return (days >= pd.Timestamp(rule["valid_from"])) & ~(days > pd.Timestamp(rule["valid_to"]))


def periods(days: pd.Series, grain: str) -> pd.Series:
    frequency = GRAINS[grain]
    if frequency is None:
        return pd.Series(TIMELESS, index=days.index, dtype="datetime64[us]")
    return days.dt.to_period(frequency).dt.start_time.astype("datetime64[us]")


@pytest.fixture(scope="session")
def as_of(once: Path) -> pd.Timestamp:
    return read(once, "select as_of from ops.built where part = 'marts'")["as_of"][0]


@pytest.fixture(scope="session")
def events(once: Path) -> pd.DataFrame:
    """Events with whose they are, and with what they are about."""
    found = read(
        once,
        """
        select events.*, coalesce(events.person_id, sessions.visitor_id) as subject_id,
            coalesce(session_id, event_id) as occasion, content_type, content_name, conversion_point
        from marts.fct_events as events
        left join (select session_id, visitor_id from marts.fct_sessions) as sessions using (session_id)
        left join marts.dim_content using (content_id)
        """,
    )
    return found[found["subject_id"].notna()].sort_values(["occurred_at", "event_id"])


@pytest.fixture(scope="session")
def journeys(once: Path) -> pd.DataFrame:
    return read(once, "from marts.fct_lead_lifecycle")


def matching(events: pd.DataFrame, rule: pd.Series) -> pd.DataFrame:
    """Return the events that a row of a seed counts."""
    found = events[events["event_name"] == rule["event_name"]]
    if isinstance(rule["content_type"], str):
        found = found[found["content_type"] == rule["content_type"]]
    if isinstance(pattern := rule["content_pattern"], str):
        found = found[
            found["content_id"].str.contains(pattern, na=False) | found["content_name"].str.contains(pattern, na=False)
        ]
    if isinstance(pattern := rule["conversion_point_pattern"], str):
        found = found[found["conversion_point"].str.contains(pattern.replace("(", "(?:"), na=False)]
    return found


@pytest.fixture(scope="session")
def reached(events: pd.DataFrame) -> pd.DataFrame:
    """Each time that a micro-conversion was reached."""
    parts = []
    for _, rule in seed("micro_conversions").iterrows():
        found = matching(events, rule)
        found = found[while_valid(business_days(found["occurred_at"]), rule)].copy()
        by_occasion = found.groupby("occasion", sort=False)
        met = by_occasion.cumcount() + 1 >= rule["minimum_count"]
        if not np.isnan(rule["minimum_dwell_seconds"]):
            met &= (
                by_occasion["dwell_seconds"].transform(lambda dwell: dwell.fillna(0).cumsum())
                >= (rule["minimum_dwell_seconds"])
            )
        assert np.isnan(rule["minimum_value"])  # the sample company's definitions don't use these
        assert np.isnan(rule["minimum_scroll_percent"])
        parts.append(found[met].drop_duplicates("occasion").assign(mcv_id=rule["mcv_id"]))
    return pd.concat(parts).rename(columns={"occurred_at": "reached_at"})


@pytest.fixture(scope="session")
def finals(events: pd.DataFrame, journeys: pd.DataFrame) -> pd.DataFrame:
    """The first final conversion of each kind and subject."""
    parts = []
    for _, rule in seed("final_conversions").iterrows():
        if isinstance(stage := rule["journey_stage"], str):
            found = journeys[["person_id", f"{stage}_at"]].set_axis(["subject_id", "converted_at"], axis=1)
        else:
            found = matching(events, rule)[["subject_id", "occurred_at"]]
            found = found.rename(columns={"occurred_at": "converted_at"})
        parts.append(found.dropna().assign(final_conversion=rule["final_conversion"]))
    return pd.concat(parts).groupby(["final_conversion", "subject_id"], as_index=False)["converted_at"].min()


@pytest.fixture(scope="session")
def channels(once: Path, journeys: pd.DataFrame) -> pd.Series:
    """The channel that brought each subject in."""
    sessions = read(once, "select *, coalesce(person_id, visitor_id) as subject_id from marts.fct_sessions")
    of_session = sessions.sort_values(["started_at", "session_id"]).groupby("subject_id")["channel"].first()
    of_journey = journeys.sort_values(["created_at", "lead_id"]).groupby("person_id")["channel"].first()
    persons = pd.Index(read(once, "select person_id from marts.dim_person")["person_id"])
    everybody = of_session.index.union(persons)
    return of_journey.reindex(everybody).fillna(of_session.reindex(everybody)).fillna("unattributed")


@pytest.fixture(scope="session")
def entries(once: Path) -> pd.DataFrame:
    """When each subject entered a population."""
    sessions = read(
        once,
        "select 'visitors' as population, coalesce(person_id, visitor_id) as subject_id, started_at as entered_at "
        "from marts.fct_sessions",
    )
    persons = read(
        once,
        "select 'persons' as population, person_id as subject_id, first_seen_at as entered_at from marts.dim_person "
        "where first_seen_at is not null",
    )
    return pd.concat([sessions, persons])


@pytest.fixture(scope="session")
def expected(
    reached: pd.DataFrame, finals: pd.DataFrame, channels: pd.Series, entries: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Counts of mart_micro_conversions."""
    definitions = seed("micro_conversions").merge(seed("final_conversions")[["final_conversion", "population"]])
    parts = []
    for _, rule in definitions.iterrows():
        own_finals = finals[finals["final_conversion"] == rule["final_conversion"]]
        own_finals = own_finals.set_index("subject_id")["converted_at"]
        valid_finals = own_finals[while_valid(business_days(own_finals), rule)]
        own_reached = reached[reached["mcv_id"] == rule["mcv_id"]]
        members = entries[entries["population"] == rule["population"]]
        window = pd.Timedelta(days=rule["window_days"])
        for grain in GRAINS:
            cohort = members.assign(period_start=periods(business_days(members["entered_at"]), grain))
            cohort = cohort.groupby(["period_start", "subject_id"], as_index=False)["entered_at"].min()
            cohort["converted_at"] = cohort["subject_id"].map(own_finals)
            cohort = cohort[~(cohort["converted_at"] < cohort["entered_at"])]
            cohort = cohort[
                while_valid(business_days(cohort["entered_at"]), rule)
                & while_valid(business_days(cohort["entered_at"] + window), rule)
            ]
            pairs = cohort.merge(own_reached[["subject_id", "reached_at"]], on="subject_id")
            pairs = pairs[
                (pairs["reached_at"] >= pairs["entered_at"])
                & (pairs["reached_at"] < pairs["entered_at"] + window)
                & ~(pairs["reached_at"] >= pairs["converted_at"])
            ]
            led = pd.MultiIndex.from_frame(pairs[["period_start", "subject_id"]])
            is_reached = pd.MultiIndex.from_frame(cohort[["period_start", "subject_id"]]).isin(led)
            is_converted = cohort["converted_at"] < cohort["entered_at"] + window
            is_closed = cohort["entered_at"] + window <= as_of
            compared = cohort.assign(
                population=is_closed,
                waiting=~is_closed,
                reached=is_closed & is_reached,
                converted=is_closed & is_converted,
                reached_converted=is_closed & is_reached & is_converted,
            ).drop(columns=["entered_at", "converted_at"])
            times = {"volume": own_reached.set_index("subject_id")["reached_at"], "final_conversions": valid_finals}
            happened = [
                pd.DataFrame({"subject_id": at.index, "period_start": periods(business_days(at), grain).to_numpy()})
                .drop_duplicates()
                .assign(**{name: True})
                for name, at in times.items()
            ]
            told = pd.concat([compared, *happened])
            told[COUNTS] = told[COUNTS].fillna(False).astype(int)
            told["channel"] = told["subject_id"].map(channels)
            overall = told.assign(dimension="overall", dimension_value="all")
            by_channel = told.assign(dimension="channel", dimension_value=told["channel"])
            summed = pd.concat([overall, by_channel]).groupby(["period_start", "dimension", "dimension_value"])[COUNTS]
            parts.append(summed.sum().reset_index().assign(mcv_id=rule["mcv_id"], period_grain=grain))
    return pd.concat(parts).set_index(KEY).sort_index()


def test_every_time_that_one_was_reached(once: Path, reached: pd.DataFrame) -> None:
    told = read(once, "select * from marts.fct_micro_conversions")
    columns = ["mcv_id", "subject_id", "session_id", "reached_at"]

    pd.testing.assert_frame_equal(
        told[columns].sort_values(columns, ignore_index=True), reached[columns].sort_values(columns, ignore_index=True)
    )
    assert set(told["mcv_id"]) == set(seed("micro_conversions")["mcv_id"])


def test_counts_of_every_period_and_channel(once: Path, expected: pd.DataFrame) -> None:
    told = mart(once, "mart_micro_conversions").set_index(KEY).sort_index()

    pd.testing.assert_frame_equal(told[COUNTS], expected[COUNTS], check_dtype=False)
    assert (expected["reached_converted"] > 0).sum() > 20


def test_statistics_of_every_table_are_scipys(once: Path, expected: pd.DataFrame) -> None:
    told = mart(once, "mart_micro_conversions").set_index(KEY).sort_index()
    judged = 0
    for key, counts in expected.iterrows():
        n, reached, converted, both = (
            int(counts[name]) for name in ("population", "reached", "converted", "reached_converted")
        )
        row = told.loc[key]
        if not (0 < reached < n and 0 < converted < n):
            assert np.isnan(row["phi"])
            continue
        table = np.array([[both, reached - both], [converted - both, n - reached - converted + both]])
        chi = stats.chi2_contingency(table, correction=False)
        phi = stats.contingency.association(table, method="cramer") * np.sign(np.linalg.det(table))
        assert row["phi"] == pytest.approx(phi, abs=1e-9)
        assert row["p_value"] == pytest.approx(chi.pvalue, rel=1e-9, abs=1e-15)
        if n > 3 and abs(phi) < 1:
            spread = stats.norm.ppf(0.975) / np.sqrt(n - 3)
            assert row["phi_low"] == pytest.approx(np.tanh(np.arctanh(phi) - spread), abs=1e-9)
            assert row["phi_high"] == pytest.approx(np.tanh(np.arctanh(phi) + spread), abs=1e-9)
        interval = stats.binomtest(both, reached).proportion_ci(method="wilson")
        assert (row["reached_rate_low"], row["reached_rate_high"]) == pytest.approx(tuple(interval), abs=1e-9)
        if converted > both:
            assert row["lift"] == pytest.approx(both / reached / ((converted - both) / (n - reached)))
        judged += 1
    assert judged > 20


def test_verdicts_follow_the_first_rule_that_holds(once: Path) -> None:
    told = mart(once, "mart_micro_conversions")
    rules = [
        (
            rule["verdict"].iloc[0],
            rule["rule"].iloc[0],
            rule[["measure", "comparison", "threshold"]].to_numpy().tolist(),
        )
        for _, rule in seed("micro_conversion_verdicts").groupby("rule_order")
    ]
    for row in told.to_dict("records"):
        given = next(
            (verdict, name)
            for verdict, name, conditions in rules
            if all(
                row[measure] < threshold if comparison == "below" else row[measure] >= threshold
                for measure, comparison, threshold in conditions
            )
        )
        assert (row["verdict"], row["verdict_rule"]) == given
        ratio = row["volume"] / row["final_conversions"] if row["final_conversions"] else np.nan
        assert row["ratio"] == pytest.approx(ratio, nan_ok=True)
        bands = [(np.isnan(ratio), "none"), (ratio < 5, "below"), (ratio > 10, "above"), (True, "within")]
        assert row["ratio_status"] == next(status for holds, status in bands if holds)


def test_definitions_are_due_for_review_after_a_quarter(once: Path, as_of: pd.Timestamp) -> None:
    told = read(once, "from marts.dim_micro_conversion").set_index("mcv_id")
    today = business_days(pd.Series([as_of]))[0]

    for _, rule in seed("micro_conversions").iterrows():
        is_due = today - pd.DateOffset(months=3) > pd.Timestamp(rule["last_reviewed_on"])
        assert told.loc[rule["mcv_id"], "is_review_due"] == is_due
    assert not told["is_more_than_recommended"].any()


@pytest.fixture(scope="session")
def encounters(events: pd.DataFrame) -> pd.DataFrame:
    """Who met which content in a period, and when first."""
    met = events.dropna(subset=["content_id"]).merge(seed("content_interactions"), on="event_name")
    met["views"] = met["interaction"] == "view"
    met["actions"] = met["interaction"] == "action"
    day = business_days(met["occurred_at"])
    parts = [
        met.assign(period_grain=grain, period_start=periods(day, grain))
        .groupby(["content_id", "period_grain", "period_start", "subject_id"], as_index=False)
        .agg(first_at=("occurred_at", "min"), views=("views", "sum"), actions=("actions", "sum"))
        for grain in GRAINS
    ]
    return pd.concat(parts, ignore_index=True)


def test_content_report_of_every_content_and_period(
    once: Path, encounters: pd.DataFrame, reached: pd.DataFrame, finals: pd.DataFrame, journeys: pd.DataFrame
) -> None:
    key = ["content_id", "period_grain", "period_start"]
    told = mart(once, "mart_content_report").set_index(key).sort_index()
    held_against = set(seed("micro_conversions")["final_conversion"])
    outcomes = {
        "people_with_micro_conversion": reached[["subject_id", "reached_at"]],
        "people_with_conversion": finals[finals["final_conversion"].isin(held_against)].drop(
            columns="final_conversion"
        ),
        "people_with_meeting": journeys[["person_id", "meeting_at"]].dropna(),
    }

    expected = encounters.groupby(key).agg(
        views=("views", "sum"), actions=("actions", "sum"), people=("first_at", "size")
    )
    for name, outcome in outcomes.items():
        pairs = encounters.merge(outcome.set_axis(["subject_id", "at"], axis=1), on="subject_id")
        pairs = pairs[(pairs["at"] >= pairs["first_at"]) & (pairs["at"] < pairs["first_at"] + OUTCOME)]
        expected[name] = pairs.groupby(key)["subject_id"].nunique()
    taken = journeys.dropna(subset=["content_id"])
    leads = pd.concat(
        taken.assign(period_grain=grain, period_start=periods(business_days(taken["created_at"]), grain))
        for grain in GRAINS
    )
    counted = leads.groupby(key).agg(
        leads=("lead_id", "size"),
        leads_with_meeting=("meeting_at", "count"),
        leads_with_sql=("sql_at", "count"),
        leads_won=("won_at", "count"),
        won_amount=("won_amount", "sum"),
    )
    expected = expected.join(counted, how="outer").fillna(0).sort_index()

    pd.testing.assert_frame_equal(told[expected.columns].astype(float), expected.astype(float))
    rate = expected["leads_with_meeting"] / expected["leads"].replace(0, np.nan)
    pd.testing.assert_series_equal(told["lead_meeting_rate"], rate, check_names=False)


def test_next_steps_of_every_content_period_and_stage(
    once: Path, encounters: pd.DataFrame, journeys: pd.DataFrame, as_of: pd.Timestamp
) -> None:
    ladder = ["created_at", "mql_at", "sal_at", "sql_at", "opportunity_at", "won_at"]
    stages = ["visitor", "lead", "mql", "sal", "sql", "opportunity"]
    key = ["content_id", "period_grain", "period_start", "stage"]
    told = mart(once, "mart_content_next_steps").set_index(key).sort_index()
    begun = pd.merge_asof(
        encounters.sort_values("first_at"),
        journeys[["person_id", *ladder, "lost_at"]].dropna(subset="person_id").sort_values("created_at"),
        left_on="first_at",
        right_on="created_at",
        left_by="subject_id",
        right_by="person_id",
    )
    is_over = (begun["won_at"] <= begun["first_at"]) | (begun["lost_at"] <= begun["first_at"])
    begun = begun[~is_over].reset_index(drop=True)
    reached = begun[ladder].le(begun["first_at"], axis=0).sum(axis=1)
    ahead = begun[ladder].to_numpy()[np.arange(len(begun)), reached.clip(upper=len(ladder) - 1)]
    first_journeys = begun["subject_id"].map(journeys.groupby("person_id")["created_at"].min())
    next_at = first_journeys.where(reached == 0, pd.Series(ahead))
    is_closed = begun["first_at"] + OUTCOME <= as_of
    expected = begun.assign(
        stage=reached.map(dict(enumerate(stages))),
        met=is_closed,
        waiting=~is_closed,
        moved_on=is_closed & (next_at <= begun["first_at"] + OUTCOME),
    )
    expected = expected.groupby(key)[["met", "waiting", "moved_on"]].sum().sort_index()

    pd.testing.assert_frame_equal(told[["met", "waiting", "moved_on"]].astype(int), expected.astype(int))
    rate = expected["moved_on"] / expected["met"].where(expected["met"] > 0)
    pd.testing.assert_series_equal(told["next_step_rate"], rate, check_names=False)


def test_audiences_are_people_who_consented_and_did_not_buy(once: Path) -> None:
    chosen = read(
        once,
        """
        select person_id, mcv_id, reached_at from intermediate.int_activation__audience_members
        """,
    )
    consent = read(once, "select person_id from marts.dim_person where may_email")
    unsubscribed = read(once, "select person_id from marts.fct_email_messages where unsubscribed_at is not null")
    customers = read(
        once,
        """
        select person_id from marts.fct_lead_lifecycle where won_at is not null
        union
        select person_id from marts.dim_person
        where account_id in (select account_id from marts.fct_opportunities where is_won)
        """,
    )
    # From the raw rows: whom any version of a contact names, and says that they agreed.
    agreed = read(
        once,
        """
        select distinct record_person.person_id
        from identity.record_person as record_person
        join raw.hubspot__contacts as contacts on record_person.record_id = contacts.id
        where record_person.record_type = 'contact' and contacts.hs_legal_basis like '%Freely given consent%'
        """,
    )

    people = set(chosen["person_id"])
    assert people
    assert people <= set(consent["person_id"])
    assert people <= set(agreed["person_id"])
    assert not people & (set(unsubscribed["person_id"]) | set(customers["person_id"]))
