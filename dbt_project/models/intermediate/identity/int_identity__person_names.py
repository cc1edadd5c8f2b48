"""Distinct names of people as typed, with the key by which they are compared."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from identity.normalisation.columns import matching
from identity.normalisation.person_name import person_names


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:  # noqa: ANN401
    """Return full_name and its keys (null where no name is told), script, number of words and parts."""
    dbt.config(materialized="table")
    typed = (
        dbt.ref("int_canonical__persons")
        .filter("full_name is not null")
        .project("full_name")
        .distinct()
        .to_arrow_table()
    )
    patterns = dbt.ref("placeholder_values").filter("kind in ('any', 'name')").project("pattern").fetchall()
    names = person_names(typed["full_name"].combine_chunks())
    is_placeholder = matching(names["full_name"], (pattern for (pattern,) in patterns))
    for column in ("name_key", "full_name_key"):
        told = pc.if_else(is_placeholder, None, names[column])
        names = names.set_column(names.schema.get_field_index(column), column, told)
    return names
