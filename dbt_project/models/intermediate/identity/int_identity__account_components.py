"""Connected components of the accounts' active links: nodes that are one account."""

from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from identity.components import connected_components


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:  # noqa: ANN401
    """Return node_key and component (a number that means nothing beyond this run)."""
    dbt.config(materialized="table")
    links = dbt.ref("int_identity__account_links").filter("is_active").project("left_key, right_key").to_arrow_table()
    return connected_components(links)
