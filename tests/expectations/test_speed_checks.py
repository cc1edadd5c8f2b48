"""The check of hand-off errors finds a list that misses one or keeps one that is over."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations import speed
from expectations.checks import Scope
from tests.expectations.warehouse import AS_OF, whole_warehouse

# An MQL of two weeks that nobody owns, and one that lost its owner two hours ago.
OWNERLESS = """
    update marts.fct_lead_lifecycle set mql_at = '2026-10-15', owner_id = null where lead_id = 'l2';
    insert into marts.fct_lead_lifecycle (lead_id, person_id, created_at, mql_at)
    values ('l3', 'p1', '2026-10-10', '2026-10-15');
    insert into intermediate.int_lifecycle__owner_spans values ('l3', 'o', '2026-10-31 13:00');
"""
TELL = """
    insert into marts.mart_handoff_errors (error_id, error_kind, lead_id, error_state)
    values ('{0}', 'mql_without_owner', '{0}', 'open');
"""


def wrong_rows(home: Path, told: list[str]) -> list[tuple[Any, ...]]:
    """Return what the check finds wrong where these journeys are told."""
    scope = Scope(AS_OF.replace(tzinfo=None), "JPY", {})
    [check] = [check for check in speed.checks(scope) if check.id == "marts.handoff_errors_reconcile"]
    with duckdb.connect(str(whole_warehouse(home).warehouse)) as connection:
        connection.execute(OWNERLESS + "".join(TELL.format(lead_id) for lead_id in told))
        return connection.execute(check.rows.format(batch=check.table)).fetchall()


@pytest.mark.parametrize(
    ("told", "wrong"), [([], ["l2"]), (["l1"], ["l1", "l2"]), (["l2", "l3"], ["l3"]), (["l2"], [])]
)
def test_a_list_that_misses_one_or_keeps_one_is_found(told: list[str], wrong: list[str], tmp_path: Path) -> None:
    assert sorted(lead_id for _, lead_id in wrong_rows(tmp_path, told)) == wrong
