"""Which links of accounts are refused so that different companies stay apart."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import NamedTuple

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.account_links import refuse_conflicts
from identity.components import connected_components

RULES = [
    "always_link",
    "account_merge",
    "account_tool_id",
    "account_corporate_number",
    "account_domain",
    "account_name",
]


class Link(NamedTuple):
    left: str
    right: str
    rule: str


class Boundary(NamedTuple):
    node: str
    boundary: str
    rule: str


def resolve(links: list[Link], boundaries: list[Boundary]) -> tuple[set[frozenset[str]], dict[Link, str]]:
    """Return the groups of linked nodes, and why links were refused."""
    claims = {
        "left_key": [link.left for link in links],
        "right_key": [link.right for link in links],
        "rule": [link.rule for link in links],
        "refused_reason": [None for _ in links],
    }
    bounds = {
        "node_key": [bound.node for bound in boundaries],
        "boundary": [bound.boundary for bound in boundaries],
        "rule": [bound.rule for bound in boundaries],
        "reason": [f"one {bound.boundary}" for bound in boundaries],
    }
    schema = pa.schema([(name, pa.string()) for name in claims])
    resolved = refuse_conflicts(
        pa.table(claims, schema=schema),
        pa.table(bounds, schema=pa.schema([(name, pa.string()) for name in bounds])),
        RULES,
    ).to_pylist()
    assert all(link["is_active"] == (link["refused_reason"] is None) for link in resolved)
    groups = components([Link(row["left_key"], row["right_key"], row["rule"]) for row in resolved if row["is_active"]])
    refused = {
        Link(row["left_key"], row["right_key"], row["rule"]): row["refused_reason"]
        for row in resolved
        if not row["is_active"]
    }
    return groups, refused


def components(links: list[Link]) -> set[frozenset[str]]:
    """Return the groups of nodes that links connect."""
    columns = {"left_key": [link.left for link in links], "right_key": [link.right for link in links]}
    table = pa.table(columns, schema=pa.schema([(name, pa.string()) for name in columns]))
    groups: dict[int, set[str]] = defaultdict(set)
    for row in connected_components(table).to_pylist():
        groups[row["component"]].add(row["node_key"])
    return {frozenset(group) for group in groups.values()}


def numbers(*nodes: str) -> list[Boundary]:
    """Bound nodes by their corporate numbers as the models do."""
    return [Boundary(node, "corporate_number", rule) for node in nodes for rule in ("account_domain", "account_name")]


def test_companies_with_different_numbers_stay_apart_on_one_domain() -> None:
    links = [Link(record, "domain|group.jp", "account_domain") for record in ("a", "b", "unnumbered", "plain")]

    groups, refused = resolve(links, numbers("a", "b"))

    assert groups == {frozenset({"unnumbered", "plain", "domain|group.jp"})}
    assert refused == {links[0]: "one corporate_number", links[1]: "one corporate_number"}


def test_one_number_may_have_several_domains() -> None:
    links = [
        Link("a", "corporate_number|1", "account_corporate_number"),
        Link("b", "corporate_number|1", "account_corporate_number"),
        Link("a", "domain|acme.jp", "account_domain"),
        Link("b", "domain|acme.com", "account_domain"),
        Link("c", "domain|acme.com", "account_domain"),
    ]

    groups, refused = resolve(links, numbers("a", "b"))

    assert groups == {frozenset({"a", "b", "c", "corporate_number|1", "domain|acme.jp", "domain|acme.com"})}
    assert not refused


def test_a_merge_in_the_tool_joins_what_numbers_would_not() -> None:
    links = [
        Link("a", "b", "account_merge"),
        Link("a", "domain|acme.jp", "account_domain"),
        Link("b", "domain|acme.jp", "account_domain"),
    ]

    groups, refused = resolve(links, numbers("a", "b"))

    assert groups == {frozenset({"a", "b", "domain|acme.jp"})}
    assert not refused


def test_numbers_stay_apart_along_chains_of_domains() -> None:
    # A merged account has two domains: each is harmless, but together they lead from one number to the other.
    links = [
        Link("a", "domain|one.jp", "account_domain"),
        Link("loser", "domain|one.jp", "account_domain"),
        Link("loser", "winner", "account_merge"),
        Link("winner", "domain|two.jp", "account_domain"),
        Link("b", "domain|two.jp", "account_domain"),
    ]

    groups, refused = resolve(links, numbers("a", "b"))

    assert groups == {frozenset({"loser", "winner", "domain|one.jp", "domain|two.jp"})}
    assert set(refused) == {links[0], links[4]}


def test_a_name_joins_only_where_domains_agree() -> None:
    links = [
        *(Link(record, f"domain|{domain}", "account_domain") for record, domain in [("a", "x.jp"), ("b", "y.jp")]),
        *(Link(record, "company_name|sato", "account_name") for record in ("a", "b")),
        Link("c", "domain|z.jp", "account_domain"),
        *(Link(record, "company_name|tanaka", "account_name") for record in ("c", "nameless")),
    ]
    domains = [Boundary(record, "domain", "account_name") for record in ("a", "b", "c")]

    groups, refused = resolve(links, domains)

    assert groups == {
        frozenset({"a", "domain|x.jp"}),
        frozenset({"b", "domain|y.jp"}),
        frozenset({"c", "nameless", "domain|z.jp", "company_name|tanaka"}),
    }
    assert set(refused) == {links[2], links[3]}


def test_a_name_joins_a_company_that_has_several_domains() -> None:
    links = [
        Link("a", "b", "account_merge"),
        Link("a", "domain|x.jp", "account_domain"),
        Link("b", "domain|y.jp", "account_domain"),
        *(Link(record, "company_name|sato", "account_name") for record in ("a", "b", "c")),
    ]
    domains = [Boundary(record, "domain", "account_name") for record in ("a", "b")]

    groups, refused = resolve(links, domains)

    assert groups == {frozenset({"a", "b", "c", "domain|x.jp", "domain|y.jp", "company_name|sato"})}
    assert not refused


def test_never_link_wins_over_every_rule() -> None:
    links = [Link("a", "b", "always_link"), Link("a", "b", "account_merge"), Link("a", "domain|x", "account_domain")]
    never = [Boundary(node, "never_link|a|b", rule) for node in ("a", "b") for rule in RULES]

    groups, refused = resolve(links, never)

    assert groups == {frozenset({"a", "domain|x"})}
    assert set(refused) == set(links[:2])


def test_a_chain_of_merges_is_one_account_however_long() -> None:
    links = [Link(f"r{n}", f"r{n + 1}", "account_merge") for n in range(1000)]

    groups, _ = resolve([*links[::2], *reversed(links[1::2])], [])

    assert [len(group) for group in groups] == [1001]


RECORDS = st.sampled_from([f"r{n}" for n in range(7)])
LINKS = st.lists(
    st.one_of(
        st.builds(Link, RECORDS, RECORDS, st.sampled_from(["always_link", "account_merge"])),
        st.builds(Link, RECORDS, st.sampled_from(["n1", "n2"]), st.just("account_corporate_number")),
        st.builds(Link, RECORDS, st.sampled_from(["d1", "d2", "d3"]), st.just("account_domain")),
        st.builds(Link, RECORDS, st.sampled_from(["k1", "k2"]), st.just("account_name")),
    ),
    max_size=14,
    unique=True,
)
NODES = st.lists(RECORDS, max_size=4, unique=True)


@settings(deadline=None, max_examples=30)
@given(LINKS, NODES, NODES, st.randoms(use_true_random=False))
def test_the_order_of_rows_decides_nothing(
    links: list[Link], numbered: list[str], never: list[str], shuffler: random.Random
) -> None:
    boundaries = [*numbers(*numbered), *(Boundary(node, "never", rule) for node in never for rule in RULES)]
    expected = resolve(links, boundaries)

    shuffler.shuffle(links)
    shuffler.shuffle(boundaries)

    assert resolve(links, boundaries) == expected


@settings(deadline=None, max_examples=30)
@given(LINKS, NODES, NODES)
def test_boundaries_hold(links: list[Link], numbered: list[str], never: list[str]) -> None:
    boundaries = [*numbers(*numbered), *(Boundary(node, "never", rule) for node in never for rule in RULES)]
    groups, refused = resolve(links, boundaries)
    active = [link for link in links if link not in refused]
    strong = components([link for link in active if link.rule not in {"account_domain", "account_name"}])

    for group in groups:
        assert len(group & set(never)) <= 1
        joined = {next((part for part in strong if node in part), node) for node in group & set(numbered)}
        assert len(joined) <= 1, "only a stronger rule joins two numbers"


@settings(deadline=None, max_examples=30)
@given(LINKS)
def test_nothing_is_refused_without_a_boundary(links: list[Link]) -> None:
    groups, refused = resolve(links, [])

    assert not refused
    assert groups == components(links)


@settings(deadline=None, max_examples=30)
@given(LINKS, NODES)
def test_another_company_changes_nothing(links: list[Link], numbered: list[str]) -> None:
    before, refused = resolve(links, numbers(*numbered))

    after, refused_after = resolve([*links, Link("new", "domain|new", "account_domain")], numbers(*numbered, "new"))

    assert after == before | {frozenset({"new", "domain|new"})}
    assert refused_after == refused
