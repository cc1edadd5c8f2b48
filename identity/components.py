"""Connected components of a graph given as links: in memory for one machine, and in plain SQL for any engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components as _scipy_components


def connected_components(links: pa.Table) -> pa.Table:
    """Return the component of every node that a link names.

    Args:
        links: columns `left_key` and `right_key` (text or integers), one row a link; self-links and repeats may occur.

    Returns:
        `node_key` and `component` (0, 1, …: numbers that mean nothing beyond this call).
    """
    keys = pa.chunked_array(
        [*links["left_key"].chunks, *links["right_key"].chunks], links.schema.field("left_key").type
    )
    if pa.types.is_string(keys.type):
        keys = keys.cast(pa.large_string())  # 32-bit offsets end at 2 GiB of text
    nodes = keys.combine_chunks().dictionary_encode()
    left, right = np.split(nodes.indices.to_numpy(), 2)
    size = len(nodes.dictionary)
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    _, components = _scipy_components(graph, directed=False)
    return pa.table({"node_key": nodes.dictionary, "component": components})


def contraction(run: Callable[[str], list[tuple[int]]], links: str, target: str) -> None:
    """Write the components of `links` to `target`, in SQL of the standard that DuckDB and Spark share.

    Each round hooks every node to its least neighbour, jumps along the hooks until they point to roots, and contracts
    the links to links between roots; a round at least halves what is left, so chains of any length end soon.

    Args:
        run: executes one statement and returns its rows.
        links: relation with columns `left_key` and `right_key`.
        target: table to make, with columns `node_key` and `component` (the least node of the component).
    """
    edges, hooks = f"{target}_edges", f"{target}_hooks"

    def keep(table: str, query: str) -> None:
        # Made beside the table first, as the query may read the table that it replaces.
        run(f"drop table if exists {table}_next")
        run(f"create table {table}_next as {query}")
        run(f"drop table if exists {table}")
        run(f"alter table {table}_next rename to {table}")

    keep(target, f"select left_key as node_key, left_key as component from {links} union "
                 f"select right_key as node_key, right_key as component from {links}")  # fmt: skip
    keep(edges, f"select left_key, right_key from {links} where left_key <> right_key union "
                f"select right_key, left_key from {links} where left_key <> right_key")  # fmt: skip
    while run(f"select count(*) from {edges}") != [(0,)]:
        keep(hooks, f"select left_key as node_key, least(left_key, min(right_key)) as root "
                    f"from {edges} group by left_key")  # fmt: skip
        jumped = f"""
            select hooks.node_key, further.root
            from {hooks} as hooks inner join {hooks} as further on hooks.root = further.node_key
        """
        while run(f"select count(*) from ({jumped}) as jumped inner join {hooks} as hooks "
                  "on jumped.node_key = hooks.node_key where jumped.root <> hooks.root") != [(0,)]:  # fmt: skip
            keep(hooks, jumped)
        keep(target, f"""
            select nodes.node_key, coalesce(hooks.root, nodes.component) as component
            from {target} as nodes left join {hooks} as hooks on nodes.component = hooks.node_key
        """)  # fmt: skip
        keep(edges, f"""
            select distinct left_hooks.root as left_key, right_hooks.root as right_key
            from {edges} as edges
            inner join {hooks} as left_hooks on edges.left_key = left_hooks.node_key
            inner join {hooks} as right_hooks on edges.right_key = right_hooks.node_key
            where left_hooks.root <> right_hooks.root
        """)  # fmt: skip
    run(f"drop table {edges}")
    run(f"drop table if exists {hooks}")
