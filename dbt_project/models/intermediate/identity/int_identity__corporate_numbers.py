"""Distinct corporate numbers (法人番号) as typed, checked by their check digit."""

from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from identity.normalisation.corporate_number import corporate_numbers


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:  # noqa: ANN401
    """Return corporate_number and valid_number (null where the check digit is wrong)."""
    dbt.config(materialized="table")
    typed = (
        dbt.ref("int_canonical__accounts")
        .filter("corporate_number is not null")
        .project("corporate_number")
        .distinct()
        .to_arrow_table()
    )
    return corporate_numbers(typed["corporate_number"].combine_chunks())
