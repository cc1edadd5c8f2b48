"""Which nodes of the person graph belong together, for the nodes that this run resolves anew."""

from typing import Any

from duckdb import DuckDBPyConnection, DuckDBPyRelation

from identity.resolution import components


def model(dbt: Any, session: DuckDBPyConnection) -> DuckDBPyRelation:  # noqa: ANN401
    """Return node_key, block_key and component_key."""
    dbt.config(materialized="table")
    touched = dbt.ref("int_identity__touched").set_alias("touched")
    links = dbt.ref("int_identity__links").filter("is_active").set_alias("links")
    return components(
        session,
        links=links.join(touched, "links.left_key = touched.node_key", how="semi"),
        rules=dbt.ref("identity_rules"),
        exclusive_records=dbt.ref("int_canonical__persons").filter("is_exclusive"),
        never_link=dbt.ref("int_identity__listed_pairs").filter("rule = 'never_link'"),
    )
