"""Which nodes of the person graph belong together, for the nodes that this run resolves anew."""

from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from identity.components import connected_components
from identity.constraints import separated


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:  # noqa: ANN401
    """Return node_key, block_key and component_key.

    A block is what the links connect; a component is what is left of it once links that would break a constraint are cut.
    """
    dbt.config(materialized="table")
    # Relations and tables below are read by name in the SQL.
    touched = dbt.ref("int_identity__touched")  # noqa: F841
    all_links = dbt.ref("int_identity__links")  # noqa: F841
    persons = dbt.ref("int_canonical__persons")  # noqa: F841
    rules = dbt.ref("identity_rules")  # noqa: F841
    never_link = dbt.ref("never_link")  # noqa: F841

    links = session.sql("from all_links semi join touched on left_key = node_key where is_active")  # noqa: F841
    nodes = connected_components(  # noqa: F841
        session.sql("select left_key, right_key from links").to_arrow_table()
    )
    blocks = session.sql(
        "select node_key, min(node_key) over (partition by component) as block_key from nodes"
    ).to_arrow_table()
    exclusive = session.sql("""
        select blocks.node_key, persons.source_system, blocks.block_key
        from blocks join persons on blocks.node_key = persons.record_key
        where persons.is_exclusive
    """).to_arrow_table()
    never = session.sql("""
        select never_link.left_key, never_link.right_key, left_blocks.block_key
        from never_link
        join blocks as left_blocks on never_link.left_key = left_blocks.node_key
        join blocks as right_blocks on never_link.right_key = right_blocks.node_key
        where left_blocks.block_key = right_blocks.block_key
    """).to_arrow_table()
    doubtful = session.sql("""
        select block_key from exclusive group by block_key, source_system having count(*) > 1
        union select block_key from never
    """).to_arrow_table()  # noqa: F841
    doubtful_links = session.sql("""
        select
            links.left_key, links.right_key, rules.strength, links.first_seen_at,
            links.rule in ('merge', 'always_link') as may_join_exclusive
        from links join blocks on links.left_key = blocks.node_key join rules using (rule)
        where blocks.block_key in (from doubtful)
    """).to_arrow_table()
    cut = separated(doubtful_links, exclusive, never)  # noqa: F841
    return session.sql("""
        select blocks.node_key, blocks.block_key, coalesce(cut.component_key, blocks.block_key) as component_key
        from blocks left join cut using (node_key)
    """).to_arrow_table()
