"""Connected components of the active links: nodes that are one person, or one account, whatever the chain's length."""

from typing import Any

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:  # noqa: ANN401
    """Return node_key and component (a number that means nothing beyond this run)."""
    dbt.config(materialized="table")
    links = dbt.ref("int_identity__links").filter("is_active").project("left_key, right_key").to_arrow_table()
    keys = pa.chunked_array([*links["left_key"].chunks, *links["right_key"].chunks], pa.string())
    nodes = keys.combine_chunks().dictionary_encode()
    left, right = np.split(nodes.indices.to_numpy(), 2)
    size = len(nodes.dictionary)
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    _, components = connected_components(graph, directed=False)
    return pa.table({"node_key": nodes.dictionary, "component": components})
