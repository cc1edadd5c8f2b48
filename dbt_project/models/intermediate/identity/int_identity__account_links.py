"""Links between account records and identifiers, those refused that would join what is to stay apart."""

from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from identity.account_links import refuse_conflicts


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:  # noqa: ANN401
    """Return the claims with is_active and the final refused_reason."""
    dbt.config(materialized="table")
    claims = dbt.ref("int_identity__account_claims").to_arrow_table()
    boundaries = dbt.ref("int_identity__account_boundaries").to_arrow_table()
    rules = dbt.ref("identity_rules").filter("joins").order("strength desc").project("rule").fetchall()
    return refuse_conflicts(claims, boundaries, [rule for (rule,) in rules])
