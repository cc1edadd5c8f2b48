"""Groups out of pairs that are only probably the same, so that doubtful pairs can't chain persons together."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
from scipy.cluster.hierarchy import fcluster, linkage

# Between parts with up to a million pairs of nodes, one forbidden pair keeps the mean distance above any threshold.
_FORBIDDEN = 1e6


def agglomerate(pairs: pa.Table, agreement: float) -> pa.Table:
    """Group the nodes of each candidate by average linkage: the most probable parts join first.

    Two parts join where the mean probability of all pairs between them is at least `agreement` and none of these pairs
    is forbidden. So a and c stay apart in a chain a-b-c without a-c, however sure its two links are.

    Args:
        pairs: every pair of nodes of every candidate, once and with left_key < right_key: columns `candidate` (a
            number), `left_key`, `right_key`, `probability` (0 to 1) and `is_forbidden`, rows in any order.
        agreement: least mean probability that joins; more than 1/2, else chains join.

    Returns:
        `node_key` and `group_key` (the least node of the group).
    """
    # Sorted so, the pairs of one candidate are the upper triangle of its distances, row by row, as scipy wants them.
    pairs = pairs.sort_by([(name, "ascending") for name in ("candidate", "left_key", "right_key")])
    left, right = (pairs[name].to_numpy() for name in ("left_key", "right_key"))
    distances = np.where(pairs["is_forbidden"].to_numpy(), _FORBIDDEN, 1 - pairs["probability"].to_numpy())
    starts = np.unique(pairs["candidate"].to_numpy(), return_index=True)[1]

    nodes, groups = [], []
    for start, end in zip(starts, np.append(starts, len(left))[1:], strict=True):
        size = math.isqrt(2 * (end - start)) + 1
        members = np.concatenate([left[start : start + 1], right[start : start + size - 1]])
        labels = fcluster(linkage(distances[start:end], "average"), 1 - agreement, "distance")
        _, first, label = np.unique(labels, return_index=True, return_inverse=True)
        nodes.append(members)
        groups.append(members[first[label]])
    return pa.table(
        {
            "node_key": pa.array(np.concatenate([left[:0], *nodes]), pa.string()),
            "group_key": pa.array(np.concatenate([left[:0], *groups]), pa.string()),
        }
    )
