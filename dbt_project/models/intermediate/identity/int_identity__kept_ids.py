"""Which component keeps which person's id: that with which it shares most records, then the oldest record."""

from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from identity.naming import kept_ids


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:  # noqa: ANN401
    """Return component_key and person_id of components that keep an id; the others are new persons."""
    dbt.config(materialized="table")
    overlaps = dbt.ref("int_identity__touched_records").query(
        "records",
        """
        select
            component_key,
            previous_person_id as person_id,
            count(*) as shared_records,
            min(created_at) as oldest_record_at,
            arg_min(record_key, (created_at is null, created_at, record_key)) as oldest_record_key
        from records
        where component_key is not null and previous_person_id is not null
        group by component_key, previous_person_id
        """,
    )
    return kept_ids(session, overlaps.to_arrow_table())
