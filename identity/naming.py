"""Which of yesterday's ids each of today's components keeps."""

from __future__ import annotations

import pyarrow as pa
from duckdb import DuckDBPyConnection

# One order for both sides, so that each round has at least one pair that is best of its component and of its person.
# The oldest record decides ties the same way in a merge and in a split: undoing a merge brings both ids back.
_ORDER = "shared_records desc, oldest_record_at asc nulls last, oldest_record_key asc"


def kept_ids(connection: DuckDBPyConnection, overlaps: pa.Table) -> pa.Table:
    """Match components with persons one to one, the largest overlap first, then that with the oldest record in common.

    Args:
        connection: any DuckDB connection; only its engine is used.
        overlaps: one row a pair that shares records: component_key, person_id, shared_records, and of the oldest record
            they share oldest_record_at (may be null) and oldest_record_key.

    Returns:
        component_key and person_id; a component or person without a partner is absent.
    """
    matched = overlaps.select(["component_key", "person_id"]).slice(0, 0)
    open_pairs = overlaps
    while len(open_pairs):
        best = connection.sql(f"""
            select component_key, person_id from open_pairs
            qualify
                row_number() over (partition by component_key order by {_ORDER}) = 1
                and row_number() over (partition by person_id order by {_ORDER}) = 1
        """).to_arrow_table()
        matched = pa.concat_tables([matched, best])
        open_pairs = connection.sql("""
            from open_pairs anti join best using (component_key)
        """).to_arrow_table()
        open_pairs = connection.sql("from open_pairs anti join best using (person_id)").to_arrow_table()
    return matched
