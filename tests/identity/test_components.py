"""Connected components, in memory and in portable SQL, against a union-find written here."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.components import connected_components, contraction

Link = tuple[str, str]
Partition = set[frozenset[str]]

LENGTH = 1000


def in_memory(links: list[Link]) -> Partition:
    found = connected_components(_table(links))
    return _grouped(zip(found["node_key"].to_pylist(), found["component"].to_pylist(), strict=True))


def in_sql(links: list[Link]) -> Partition:
    with duckdb.connect() as connection:
        connection.register("links", _table(links))
        contraction(lambda statement: connection.execute(statement).fetchall(), "links", "components")
        return _grouped(connection.execute("select node_key, component from components").fetchall())


WAYS = pytest.mark.parametrize("components", [in_memory, in_sql])


@WAYS
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40))
@settings(max_examples=50, deadline=None)
def test_random_graphs(components: Callable[[list[Link]], Partition], pairs: list[tuple[int, int]]) -> None:
    # Few links for the nodes, self-links and repeats among them: many components of every size.
    links = [(f"N{left}", f"N{right}") for left, right in pairs]

    assert components(links) == union_find(links)


@WAYS
@pytest.mark.parametrize("order", ["sorted", "reversed", "shuffled"])
@pytest.mark.parametrize("closed", [False, True], ids=["chain", "cycle"])
def test_chains_and_cycles(components: Callable[[list[Link]], Partition], order: str, closed: bool) -> None:
    nodes = _nodes(order)
    links = list(itertools.pairwise(nodes)) + ([(nodes[-1], nodes[0])] if closed else [])

    assert components(links) == {frozenset(nodes)}


@WAYS
def test_a_chain_of_chains_that_alternate_high_and_low(components: Callable[[list[Link]], Partition]) -> None:
    # Least-neighbour hooks meet a local minimum at every second node: the worst shape for rounds that halve.
    nodes = _nodes("sorted")
    low, high = nodes[: LENGTH // 2], nodes[LENGTH // 2 :]
    zigzag = [node for pair in zip(low, high, strict=True) for node in pair]

    assert components(list(itertools.pairwise(zigzag))) == {frozenset(nodes)}


@WAYS
@pytest.mark.parametrize("hub", ["A", "Z"], ids=["least hub", "greatest hub"])
def test_stars(components: Callable[[list[Link]], Partition], hub: str) -> None:
    leaves = _nodes("shuffled")

    assert components([(leaf, hub) for leaf in leaves]) == {frozenset([hub, *leaves])}


@WAYS
def test_a_bridge_joins_two_stars(components: Callable[[list[Link]], Partition]) -> None:
    first, second = _nodes("sorted")[:500], _nodes("sorted")[500:]
    links = [(first[0], leaf) for leaf in first] + [(leaf, second[-1]) for leaf in second]

    assert components(links) == {frozenset(first), frozenset(second)}
    assert components([*links, (first[7], second[9])]) == {frozenset(first + second)}


@WAYS
def test_self_links_and_repeats(components: Callable[[list[Link]], Partition]) -> None:
    links = [("A", "A"), ("B", "C"), ("C", "B"), ("B", "C")]

    assert components(links) == {frozenset("A"), frozenset("BC")}


@WAYS
def test_no_link_at_all(components: Callable[[list[Link]], Partition]) -> None:
    assert components([]) == set()


def test_keys_may_be_numbers() -> None:
    found = connected_components(pa.table({"left_key": [1, 2, 9], "right_key": [2, 3, 9]}))

    assert dict(zip(found["node_key"].to_pylist(), found["component"].to_pylist(), strict=True)).keys() == {1, 2, 3, 9}


def test_the_sql_form_names_a_component_by_its_least_node() -> None:
    with duckdb.connect() as connection:
        connection.register("links", _table([("C", "B"), ("B", "A"), ("X", "Y")]))
        contraction(lambda statement: connection.execute(statement).fetchall(), "links", "components")
        named = dict(connection.execute("select node_key, component from components").fetchall())

    assert named == {"A": "A", "B": "A", "C": "A", "X": "X", "Y": "X"}


def test_the_sql_form_leaves_nothing_but_its_target() -> None:
    with duckdb.connect() as connection:
        connection.register("links", _table([("A", "B")]))
        contraction(lambda statement: connection.execute(statement).fetchall(), "links", "components")
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()

    assert tables == [("components",)]


def union_find(links: Iterable[Link]) -> Partition:
    """The oracle: the textbook's union-find."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        parent.setdefault(node, node)
        while parent[node] != node:
            node = parent[node]
        return node

    for left, right in links:
        parent[root(left)] = root(right)
    return _grouped((node, root(node)) for node in list(parent))


def _grouped(named: Iterable[tuple[str, object]]) -> Partition:
    members: dict[object, set[str]] = {}
    for node, component in named:
        members.setdefault(component, set()).add(node)
    return {frozenset(nodes) for nodes in members.values()}


def _nodes(order: str) -> list[str]:
    nodes = [f"N{number:04}" for number in range(LENGTH)]
    if order == "reversed":
        nodes.reverse()
    if order == "shuffled":
        random.Random(7).shuffle(nodes)  # noqa: S311 - a fixed order that is not sorted
    return nodes


def _table(links: list[Link]) -> pa.Table:
    left, right = zip(*links, strict=True) if links else ((), ())
    return pa.table({"left_key": pa.array(left, pa.string()), "right_key": pa.array(right, pa.string())})
