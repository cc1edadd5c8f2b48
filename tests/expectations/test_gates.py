"""Each gate lets a whole warehouse pass and refuses each kind of break, in words that name check and rows."""

import json
from pathlib import Path

import pytest

from expectations import Gate
from expectations.gate import KEPT_RESULTS
from leadmill.errors import GateRefused, LeadmillError
from leadmill.settings import Home
from tests.expectations.warehouse import (
    RAW_ROWS_OF_THE_LEDGER,
    change,
    crm_only_warehouse,
    empty_warehouse,
    run,
    whole_warehouse,
)

GATES: list[Gate] = ["raw", "identity", "marts"]

BREAKS: list[tuple[Gate, str, str]] = [
    ("raw", "raw.files_reconcile", "update ops.files set rows_loaded = rows_loaded - 1 where sha256 = 'a'"),
    ("raw", "raw.tables_hold_the_ledger", "delete from raw.files__lead where _row_number = 3"),
    ("raw", "raw.files_loaded_once", "insert into ops.files select * exclude (rows_erased) from ops.files limit 1"),
    (
        "raw",
        "raw.quarantine_share",
        "insert into ops.files values ('crm', 'tasks', 't', 'c', '2026-10-31', '2026-10-31', 20, 14, 6, 'x3')",
    ),
    (
        "raw",
        "raw.columns_keep_their_type",
        "insert into ops.schema_changes values ('crm', 'leads', 'MQL_At__c', 'retyped', 'f', '2026-10-30 15:00', '')",
    ),
    ("raw", "raw.something_arrived", "delete from ops.files"),
    ("raw", "raw.required_columns", "update raw.files__lead set lead_id = null where _row_number = 3"),
    ("raw", "raw.plausible_times", "update raw.files__lead set created_at = '1970-01-21' where _row_number < 10"),
    ("raw", "raw.plausible_times", "update raw.files__lead set created_at = '2026-11-03' where _row_number < 10"),
    (
        "raw",
        "raw.plausible_times",  # milliseconds where microseconds belong
        "insert into raw.ga4__events (event_date, event_name, event_timestamp, _source, _delivered_at) "
        "select '20261030', 'page_view', 1793286000000, 'ga4', '2026-10-31' from range(10)",
    ),
    (
        "identity",
        "identity.one_person_per_record",
        "insert into identity.record_person values ('crm', 'lead', '1', 'p2', null)",
    ),
    (
        "identity",
        "identity.one_person_per_record",
        "insert into identity.record_person values ('web', 'anonymous_id', 'c1', 'p2', null)",
    ),
    ("identity", "identity.person_has_id", "update identity.record_person set person_id = null where person_id = 'p2'"),
    ("identity", "identity.records_resolved", "delete from identity.record_person where record_id = '2'"),
    (
        "identity",
        "identity.largest_person",
        "insert into identity.record_person select 'crm', 'contact', i, 'p1', null from range(60) as numbers (i)",
    ),
    (
        "identity",
        "identity.links_stay_in_one_person",  # two records of two persons share an address
        "insert into identity.links values ('crm|lead|2', 'email|taro@example.co.jp', 'email', '', null, true, null)",
    ),
    (
        "identity",
        "identity.links_stay_in_one_person",  # a merge of records of two persons
        "insert into identity.links values ('crm|lead|2', 'crm|lead|1', 'merge', '', null, true, null)",
    ),
    (
        "identity",
        "identity.never_linked_are_apart",
        "insert into intermediate.int_identity__listed_pairs values "
        "('never_link', 'crm|lead|1', 'crm|lead|2', 'father and son'); "
        "update identity.record_person set person_id = 'p1'",
    ),
    (
        "identity",
        "identity.one_contact_per_crm",
        "update intermediate.int_canonical__persons set is_exclusive = true; "
        "update identity.record_person set person_id = 'p1'",
    ),
    (
        "identity",
        "identity.browsers_have_one_owner_at_a_time",
        "insert into identity.browser_owners values ('web', 'c1', 'p2', '2026-10-02', null)",
    ),
    (
        "identity",
        "identity.browsers_have_one_owner_at_a_time",
        "update identity.browser_owners set valid_from = '2026-10-02', valid_to = '2026-10-02'",
    ),
    ("identity", "identity.changes_replay_to_today", "delete from identity.person_changes where change = 'merged'"),
    (
        "identity",
        "identity.changes_replay_to_today",  # told as gone, and still there
        "insert into identity.person_changes values ('2026-10-31', 1, 'erased', 'crm|lead|2', 'p2', null, '')",
    ),
    ("identity", "identity.former_ids_resolve", "delete from identity.person_ids where person_id = 'p0'"),
    ("identity", "identity.former_ids_resolve", "update identity.person_ids set current_person_id = 'p9'"),
    ("identity", "identity.refusals_have_reasons", "update identity.links set refused_reason = null"),
    ("marts", "marts.fct_sessions_key", "insert into marts.fct_sessions from marts.fct_sessions limit 1"),
    ("marts", "marts.dim_person_key", "insert into marts.dim_person (person_id) values (null)"),
    (
        "marts",
        "marts.fct_events_before_as_of",
        "insert into marts.fct_events (event_id, occurred_at) values ('e1', '2026-10-31 15:00')",
    ),
    (
        "marts",
        "marts.stages_in_order",
        "update marts.fct_lead_lifecycle set sal_at = '2026-10-01' where lead_id = 'l1'",
    ),
    ("marts", "marts.stages_in_order", "update marts.fct_lead_lifecycle set sql_at = null where lead_id = 'l1'"),
    ("marts", "marts.rates_are_shares", "update marts.mart_kpi_values set value = 2 where kpi_id = 'lead_win_rate'"),
    ("marts", "marts.kpis_are_known", "delete from marts.dim_kpi where kpi_id = 'mql'"),
    (
        "marts",
        "marts.kpi_parts_are_the_whole",
        "insert into marts.mart_kpi_values (kpi_id, period_grain, period_start, dimension, dimension_value, value) "
        "values ('mql', 'month', '2026-10-01', 'channel', 'email', 2)",
    ),
    ("marts", "marts.funnel_passed_within_entered", "update marts.mart_funnel set passed = 3"),
    ("marts", "marts.funnel_narrows", "update marts.mart_funnel set entered = 5 where step = 'mql'"),
    ("marts", "marts.identity_shares", "update marts.mart_identity_summary set value = 1.5 where unit = 'ratio'"),
    ("marts", "marts.identity_persons_add_up", "insert into marts.dim_person (person_id) values ('p3')"),
    ("marts", "marts.fct_opportunities_in_reporting_currency", "update marts.fct_opportunities set currency = 'USD'"),
    (
        "marts",
        "marts.sessions_reconcile",
        "update marts.mart_kpi_values set numerator = 3 where kpi_id = 'sessions' and period_grain = 'week'",
    ),
    ("marts", "marts.wins_reconcile", "update marts.fct_opportunities set is_won = false"),
    ("marts", "marts.revenue_reconcile", "update marts.fct_opportunities set amount = amount + 1"),
    ("marts", "marts.new_leads_reconcile", "delete from marts.mart_kpi_values where kpi_id = 'new_leads'"),
    (
        "marts",
        "marts.quality_shortfalls_add_up",
        "insert into marts.mart_quality_flags "
        "(period_grain, period_start, dimension, dimension_value, mql, sql_shortfall) values "
        "('month', '2026-10-01', 'overall', 'all', 9, 2.5), ('month', '2026-10-01', 'channel', 'email', 9, 2)",
    ),
    (
        "marts",
        "marts.initiative_effects_have_evidence",
        "insert into marts.mart_initiative_effects (initiative_id, effect, effect_low, effect_high, verdict) "
        "values ('i1', 0.1, -0.1, 0.3, 'improved')",
    ),
    (
        "marts",
        "marts.scores_are_explained",
        "insert into marts.fct_lead_scores (lead_id, fit_score, behaviour_score, score) values ('l1', 10, 5, 15)",
    ),
    (
        "marts",
        "marts.hot_leads_are_open",
        "insert into marts.fct_hot_leads values ('l1', 'pricing_twice', 'behaviour', '2026-10-21')",
    ),
    (
        "marts",
        "marts.hot_leads_are_open",
        "update marts.fct_lead_lifecycle set next_journey_at = '2026-10-10' where lead_id = 'l2'; "
        "insert into marts.fct_hot_leads values ('l2', 'pricing_twice', 'behaviour', '2026-10-21')",
    ),
    (
        "marts",
        "marts.stages_are_left_after_they_are_entered",
        "insert into marts.fct_lead_stage_events (lead_id, stage, entered_at, left_at) "
        "values ('l2', 'dormant', '2026-10-20', '2026-10-10')",
    ),
    (
        "marts",
        "marts.accounts_are_won_by_their_own_orders",
        "insert into marts.fct_account_lifecycle (account_id, won_at, won_opportunities) "
        "values ('a1', '2026-10-20', 0)",
    ),
    ("marts", "marts.accounts_reconcile", "update marts.fct_opportunities set account_id = 'a1'"),
    ("marts", "marts.funnel_reconcile", "update marts.mart_funnel set entered = 4, pass_rate = passed / 4"),
    (
        "marts",
        "marts.micro_conversions_compare_one_population",
        "insert into marts.mart_micro_conversions "
        "(mcv_id, period_grain, dimension, dimension_value, population, reached, converted, reached_converted) "
        "values ('m', 'all', 'overall', 'all', 5, 6, 1, 1)",
    ),
    (
        "marts",
        "marts.micro_conversions_channels_add_up",
        "insert into marts.mart_micro_conversions "
        "(mcv_id, period_grain, dimension, dimension_value, volume, population) "
        "values ('m', 'all', 'overall', 'all', 5, 5), ('m', 'all', 'channel', 'email', 4, 5)",
    ),
    (
        "marts",
        "marts.content_outcomes_within_people",
        "insert into marts.mart_content_report (content_id, period_grain, people, people_with_meeting, leads) "
        "values ('/', 'all', 1, 2, 0)",
    ),
    (
        "marts",
        "marts.content_leads_reconcile",
        "insert into marts.mart_content_report (content_id, period_grain, leads, won_amount) values ('/', 'all', 3, 0)",
    ),
    (
        "marts",
        "marts.content_next_steps_within_met",
        "insert into marts.mart_content_next_steps (content_id, period_grain, stage, met, moved_on) "
        "values ('/', 'all', 'lead', 1, 2)",
    ),
    (
        "marts",
        "marts.funnel_views_agree",
        "insert into marts.mart_funnel (view, period_grain, dimension, dimension_value, step, entered) values "
        "('cohort', 'all', 'overall', 'all', 'lead', 2), ('period', 'all', 'overall', 'all', 'lead', 1)",
    ),
    (
        "marts",
        "marts.funnel_parts_add_up",
        "insert into marts.mart_funnel "
        "(view, period_grain, period_start, dimension, dimension_value, step, step_order, entered) values "
        "('cohort', 'month', '2026-10-01', 'channel', 'email', 'lead', 1, 1)",
    ),
    ("marts", "marts.funnel_costs_reconcile", "update marts.mart_funnel set cost = 5"),
    (
        "marts",
        "marts.funnel_bottleneck_is_the_largest",
        "insert into marts.mart_funnel_bottleneck "
        "(view, period_grain, dimension, dimension_value, step, effect_orders, is_bottleneck) values "
        "('cohort', 'all', 'overall', 'all', 'mql', 1, true), ('cohort', 'all', 'overall', 'all', 'sal', 2, false)",
    ),
    (
        "marts",
        "marts.web_funnel_narrows",
        "insert into marts.mart_web_funnel "
        "(population, period_grain, dimension, dimension_value, step, step_order, entered, passed, dropped) values "
        "('session', 'all', 'overall', 'all', 'awareness', 1, 5, 3, 2), "
        "('session', 'all', 'overall', 'all', 'interest', 2, 4, null, null)",
    ),
    (
        "marts",
        "marts.web_exits_are_shares",
        "insert into marts.mart_web_exits "
        "(period_grain, page_path, sessions, entries, bounces, exits, unconverted_exits) values "
        "('all', '/', 1, 0, 0, 2, 1)",
    ),
    ("marts", "marts.costs_have_rates", "insert into marts.fct_costs (cost_id) values ('c1')"),
    ("marts", "marts.amounts_have_rates", "update marts.fct_opportunities set amount = null"),
    ("marts", "marts.facts_not_empty", "insert into intermediate.int_canonical__events values ('e1', '2026-10-01')"),
    (
        "marts",
        "marts.fct_sessions_has_no_addresses",
        "update marts.fct_sessions set landing_path = '/thanks?mail=hanako%40example.co.jp'",
    ),
]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return whole_warehouse(tmp_path)


@pytest.mark.parametrize("gate", GATES)
def test_a_whole_warehouse_passes(gate: Gate, home: Home) -> None:
    result = run(gate, home)

    assert result.docs.exists()
    assert result.checks > 5


@pytest.mark.parametrize("gate", GATES)
def test_a_company_with_opportunities_only_passes(gate: Gate, tmp_path: Path) -> None:
    assert run(gate, crm_only_warehouse(tmp_path)).warnings == []


@pytest.mark.parametrize(("gate", "check", "sql"), BREAKS)
def test_each_kind_of_break_is_refused_by_name(gate: Gate, check: str, sql: str, home: Home) -> None:
    change(home, sql)

    with pytest.raises(GateRefused) as refusal:
        run(gate, home, only=check)

    assert f"{check} on " in str(refusal.value)
    assert "Expected no row that breaks it, observed" in str(refusal.value)


@pytest.mark.parametrize(
    ("check", "sql"),
    [
        (
            "raw.schema_unchanged",
            "insert into ops.schema_changes values ('crm', 'leads', 'Phone', 'removed', 'f', '2026-10-31', '')",
        ),
        ("raw.fresh", "update ops.source_freshness set is_late = true"),
        ("raw.nothing_quarantined", "select 1"),
        (
            "raw.volume",
            "insert into ops.files select 'web', 'events', 'f' || i, i, timestamp '2026-10-20' + to_days(i::int), "
            "'2026-10-31', if(i = 9, 10, 100), if(i = 9, 10, 100), 0, 'x' || i from range(10) as numbers (i)",
        ),
    ],
)
def test_what_may_be_usual_only_warns(check: str, sql: str, home: Home) -> None:
    change(home, sql + ";" + RAW_ROWS_OF_THE_LEDGER)

    assert any(check in warning for warning in run("raw", home, only=check).warnings)


def test_a_night_that_moves_many_people_warns(home: Home) -> None:
    change(
        home,
        "insert into identity.person_changes values ('2026-10-31 15:00', 1, 'split', 'crm|lead|2', 'p1', 'p2', '')",
    )

    assert any("identity.few_records_change_person" in warning for warning in run("identity", home).warnings)


def test_merges_of_the_crm_may_join_its_contacts(home: Home) -> None:
    change(
        home,
        """
        update intermediate.int_canonical__persons set is_exclusive = true;
        update identity.record_person set person_id = 'p1';
        update identity.person_changes set new_person_id = 'p1' where record_key = 'crm|lead|2';
        insert into identity.links values ('crm|lead|2', 'crm|lead|1', 'merge', '', null, true, null);
        """,
    )

    assert run("identity", home)


def test_a_corrected_delivery_opens_the_gate_again(home: Home) -> None:
    night = "'crm', 'leads', '2026-10-31/Lead.jsonl'"
    change(
        home, f"insert into ops.files values ({night}, 'c', '2026-10-31 15:00', '2026-10-31 16:00', 40, 0, 40, 'x3')"
    )
    with pytest.raises(GateRefused, match="stream=leads"):
        run("raw", home)

    change(
        home,
        f"insert into ops.files values ({night}, 'd', '2026-10-31 15:00', '2026-10-31 18:00', 40, 40, 0, 'x3');"
        + RAW_ROWS_OF_THE_LEDGER,
    )

    assert run("raw", home).warnings == []


def test_deliveries_after_as_of_are_not_looked_at(home: Home) -> None:
    change(home, "insert into ops.files values ('crm', 'leads', 'f', 'c', '2026-11-01', '2026-11-01', 40, 0, 40, 'x3')")

    assert run("raw", home)


def test_a_refusal_names_rows_but_no_personal_data(home: Home) -> None:
    change(home, "update marts.fct_sessions set landing_path = 'hanako@example.co.jp'")
    change(home, "insert into identity.record_person values ('crm', 'lead', 'taro@example.co.jp', 'p1', null)")
    change(home, "insert into identity.record_person values ('crm', 'lead', 'taro@example.co.jp', 'p2', null)")

    refusals = []
    for gate in ("identity", "marts"):
        with pytest.raises(GateRefused) as refusal:
            run(gate, home)
        refusals.append(str(refusal.value))

    assert "person_id=p1, other_person_id=p2" in refusals[0]
    assert "column_name=landing_path, addresses=2" in refusals[1]
    written = "".join(path.read_text() for path in home.gates.rglob("*.html")) + "".join(
        path.read_text() for path in home.gates.rglob("*.json")
    )
    assert not any("@example" in text for text in [*refusals, written])


def test_a_missing_column_is_told(home: Home) -> None:
    change(home, "alter table marts.dim_owner drop column owner_name")

    with pytest.raises(GateRefused, match="missing_column=owner_name"):
        run("marts", home)


def test_a_check_that_cannot_run_is_a_fault_not_bad_data(home: Home) -> None:
    change(home, "alter table ops.files drop column sha256")

    with pytest.raises(LeadmillError, match=r"raw\.files_loaded_once .*sha256") as fault:
        run("raw", home)

    assert not isinstance(fault.value, GateRefused)
    assert "transaction is aborted" not in str(fault.value)


def test_tables_that_were_not_built_are_a_fault(home: Home) -> None:
    change(home, "drop table marts.fct_sessions")

    with pytest.raises(LeadmillError, match=r"has not built marts\.fct_sessions"):
        run("marts", home)


def test_a_damaged_warehouse_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "warehouse.duckdb").write_bytes(b"no database" * 1000)

    with pytest.raises(LeadmillError, match=r"warehouse\.duckdb cannot be read"):
        run("raw", Home(path=tmp_path))


def test_no_warehouse_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(LeadmillError, match="no warehouse"):
        run("raw", Home(path=tmp_path))


def test_the_warehouse_can_be_written_after_a_gate(home: Home) -> None:
    run("identity", home)

    change(home, "create table ops.written (i int)")


def test_results_are_kept_and_pruned(tmp_path: Path) -> None:
    home = empty_warehouse(tmp_path)
    results = home.gates / "results" / "identity"
    results.mkdir(parents=True)
    for day in range(KEPT_RESULTS + 3):
        (results / f"2025{day:04}T000000Z.json").write_text("[]")

    run("identity", home)

    kept = sorted(results.iterdir())
    assert len(kept) == KEPT_RESULTS
    assert json.loads(kept[-1].read_text())[0]["check"]["id"].startswith("identity.")
