"""Distinct telephone numbers as typed, in E.164."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from identity.normalisation.columns import matching
from identity.normalisation.phone import phones


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:  # noqa: ANN401
    """Return phone, e164, extension (both null where the number is not valid) and is_placeholder."""
    dbt.config(materialized="table")
    typed = dbt.ref("int_canonical__persons").filter("phone is not null").project("phone").distinct().to_arrow_table()
    patterns = dbt.ref("placeholder_values").project("kind, pattern").fetchall()
    numbers = phones(typed["phone"].combine_chunks())
    is_placeholder = pc.or_(
        matching(numbers["phone"], (pattern for kind, pattern in patterns if kind == "any")),
        matching(numbers["national_digits"], (pattern for kind, pattern in patterns if kind == "phone")),
    )
    return numbers.drop_columns("national_digits").append_column("is_placeholder", is_placeholder)
