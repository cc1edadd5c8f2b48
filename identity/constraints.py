"""Cut links so that no component holds what must stay apart, the weakest links first."""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa

_ANY_SOURCE = "*"


def separated(links: pa.Table, exclusive: pa.Table, never: pa.Table) -> pa.Table:
    """Join nodes link by link, strongest first, and leave out each link that would break a constraint.

    This is Kruskal's algorithm with a veto: a component never holds two exclusive records of one source, unless links
    of the source itself join them, nor both ends of a pair listed as never linked. It walks link by link, and so is
    meant for the few connected parts that break a constraint at all.

    Args:
        links: left_key, right_key, strength (greater is stronger), first_seen_at, and merging_source: the source whose
            exclusive records the link may join, as it merged them itself; `*` for all (a person says so), else null.
        exclusive: node_key and source_system of records that their source holds once for a person.
        never: left_key and right_key of pairs that must stay apart.

    Returns:
        node_key and component_key (the least node_key of the component) of every node that a link names.
    """
    ordered = links.append_column("is_undated", links["first_seen_at"].is_null()).sort_by(
        [
            ("strength", "descending"),
            ("is_undated", "ascending"),
            ("first_seen_at", "ascending"),
            ("left_key", "ascending"),
            ("right_key", "ascending"),
        ]
    )
    forest = _Forest()
    for node, source in zip(exclusive["node_key"].to_pylist(), exclusive["source_system"].to_pylist(), strict=True):
        forest.sources[node].add(source)
    for left, right in zip(never["left_key"].to_pylist(), never["right_key"].to_pylist(), strict=True):
        forest.strangers[left].add(right)
        forest.strangers[right].add(left)
    columns = (ordered[name].to_pylist() for name in ("left_key", "right_key", "merging_source"))
    for left, right, merging_source in zip(*columns, strict=True):
        forest.join(left, right, merging_source)
    nodes = sorted(forest.parent)
    return pa.table(
        {
            "node_key": pa.array(nodes, pa.string()),
            "component_key": pa.array([min(forest.members[forest.root(node)]) for node in nodes], pa.string()),
        }
    )


class _Forest:
    """Union-find whose components know what they must not hold together."""

    def __init__(self) -> None:
        self.parent: dict[str, str] = {}
        self.members: dict[str, list[str]] = {}
        self.sources: defaultdict[str, set[str]] = defaultdict(set)  # of exclusive records, by root
        self.strangers: defaultdict[str, set[str]] = defaultdict(set)  # nodes that must stay out, by root

    def root(self, node: str) -> str:
        """Return the node that stands for the component of a node."""
        if node not in self.parent:
            self.parent[node], self.members[node] = node, [node]
        while self.parent[node] != node:
            self.parent[node] = self.parent[self.parent[node]]
            node = self.parent[node]
        return node

    def join(self, left: str, right: str, merging_source: str | None) -> None:
        """Join two components unless a constraint forbids it."""
        left, right = self.root(left), self.root(right)
        if left == right:
            return
        if len(self.members[left]) < len(self.members[right]):
            left, right = right, left
        if merging_source != _ANY_SOURCE and self.sources[left] & self.sources[right] - {merging_source}:
            return
        if any(self.root(stranger) == right for stranger in self.strangers[left]):
            return
        self.parent[right] = left
        self.members[left] += self.members.pop(right)
        self.sources[left] |= self.sources.pop(right, set())
        self.strangers[left] |= self.strangers.pop(right, set())
