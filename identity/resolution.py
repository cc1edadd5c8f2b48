"""From links to components: join what is linked, then cut what must stay apart."""

from __future__ import annotations

import pyarrow as pa
from duckdb import DuckDBPyConnection, DuckDBPyRelation

from identity.components import connected_components
from identity.constraints import separated

# DuckDB reads relations and Arrow tables in the SQL below by the names of the functions' arguments.


def components(
    connection: DuckDBPyConnection,
    *,
    links: DuckDBPyRelation,
    rules: DuckDBPyRelation,
    exclusive_records: DuckDBPyRelation,
    never_link: DuckDBPyRelation,
) -> DuckDBPyRelation:
    """Return node_key, block_key and component_key of every node that a link names.

    A block is what the links connect. A component is what is left of a block once links that would break a constraint
    are cut (see `identity.constraints`); most blocks are one component. Both keys are the least node key inside.

    Args:
        connection: where the relations stand.
        links: left_key, right_key, rule, first_seen_at of the links that count.
        rules: rule, strength.
        exclusive_records: record_key, source_system of records that their source holds once for a person.
        never_link: left_key, right_key of pairs that must stay apart.
    """
    blocks = _blocks(connection, connected_components(links.project("left_key, right_key").to_arrow_table()))
    exclusive = _doubtful_records(connection, blocks, exclusive_records)
    never = _doubtful_pairs(connection, blocks, never_link)
    doubtful_links = _doubtful_links(connection, links, rules, blocks, exclusive, never)
    return _cut(connection, blocks, separated(doubtful_links, exclusive, never))


def _blocks(connection: DuckDBPyConnection, nodes: pa.Table) -> pa.Table:
    """Return node_key and block_key of numbered components; the keys stand once in a dictionary, to save memory."""
    least_nodes = connection.sql("select min(node_key) as block_key from nodes group by component order by component")
    block_keys = least_nodes.to_arrow_table()["block_key"].combine_chunks()
    components = nodes["component"].combine_chunks()
    return pa.table(
        {"node_key": nodes["node_key"], "block_key": pa.DictionaryArray.from_arrays(components, block_keys)}
    )


def _doubtful_records(
    connection: DuckDBPyConnection, blocks: pa.Table, exclusive_records: DuckDBPyRelation
) -> pa.Table:
    """Return node_key, source_system, block_key of the exclusive records that share block and source with another."""
    return connection.sql("""
        select blocks.node_key, exclusive_records.source_system, blocks.block_key
        from blocks join exclusive_records on blocks.node_key = exclusive_records.record_key
        qualify count(*) over (partition by blocks.block_key, exclusive_records.source_system) > 1
    """).to_arrow_table()


def _doubtful_pairs(connection: DuckDBPyConnection, blocks: pa.Table, never_link: DuckDBPyRelation) -> pa.Table:
    """Return left_key, right_key, block_key of the never-linked pairs that lie in one block."""
    return connection.sql("""
        select never_link.left_key, never_link.right_key, left_blocks.block_key
        from never_link
        join blocks as left_blocks on never_link.left_key = left_blocks.node_key
        join blocks as right_blocks on never_link.right_key = right_blocks.node_key
        where cast(left_blocks.block_key as varchar) = cast(right_blocks.block_key as varchar)
    """).to_arrow_table()


def _doubtful_links(
    connection: DuckDBPyConnection,
    links: DuckDBPyRelation,
    rules: DuckDBPyRelation,
    blocks: pa.Table,
    exclusive: pa.Table,
    never: pa.Table,
) -> pa.Table:
    """Return the links of the blocks that may break a constraint, as `separated` takes them."""
    return connection.sql("""
        with doubtful as (
            select block_key from exclusive
            union
            select block_key from never
        )
        select
            links.left_key, links.right_key, coalesce(rules.strength, 0) as strength, links.first_seen_at,
            case links.rule when 'always_link' then '*' when 'merge' then split_part(links.left_key, '|', 1) end
                as merging_source
        from doubtful
        join blocks using (block_key)
        join links on blocks.node_key = links.left_key
        left join rules on links.rule = rules.rule
    """).to_arrow_table()


def _cut(connection: DuckDBPyConnection, blocks: pa.Table, separate: pa.Table) -> DuckDBPyRelation:
    """Return the blocks with the components of those that were cut."""
    return connection.sql("""
        select
            blocks.node_key,
            cast(blocks.block_key as varchar) as block_key,
            coalesce(separate.component_key, cast(blocks.block_key as varchar)) as component_key
        from blocks left join separate on blocks.node_key = separate.node_key
    """)
