"""The figures of docs/identity_quality.md: pairs counted from cluster sizes are those that a list has."""

from itertools import combinations, product

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.identity_judgement import Scores, cross_scores, pair_scores
from benchmarks.identity_quality import ACCOUNTS, EMPLOYMENTS, RECORDS, SESSIONS, Judged, page

Item = tuple[int | None, int | None]

items = st.lists(st.tuples(st.none() | st.integers(1, 4), st.none() | st.integers(1, 4)), max_size=20)


def connection_with(**relations: list[Item]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name, rows in relations.items():
        true_keys, found_keys = ([row[side] for row in rows] for side in (0, 1))
        connection.register(
            name,
            pa.table({"true_key": pa.array(true_keys, pa.int64()), "found_key": pa.array(found_keys, pa.int64())}),
        )
    return connection


def listed(pairs: list[tuple[Item, Item]]) -> Scores:
    """What listing every pair gives; an item without a truth is judged in no pair."""
    judged = [(a, b) for a, b in pairs if a[0] is not None and b[0] is not None]
    found = [(a, b) for a, b in judged if a[1] is not None and a[1] == b[1]]
    return Scores(sum(a[0] == b[0] for a, b in found), len(found), sum(a[0] == b[0] for a, b in judged))


@settings(max_examples=50, deadline=None)
@given(items)
def test_pairs_within_one_relation_are_those_of_a_list(rows: list[Item]) -> None:
    with connection_with(items=rows) as connection:
        assert pair_scores(connection, "from items") == listed(list(combinations(rows, 2)))


@settings(max_examples=50, deadline=None)
@given(items, items)
def test_pairs_across_two_relations_are_those_of_a_list(left: list[Item], right: list[Item]) -> None:
    with connection_with(one=left, other=right) as connection:
        assert cross_scores(connection, "from one", "from other") == listed(list(product(left, right)))


def test_shares_of_pairs() -> None:
    found = Scores(right=6, found=8, expected=12)

    assert (found.precision, found.recall, found.f1) == (0.75, 0.5, 0.6)


def test_nothing_found_and_nothing_expected_has_no_share() -> None:
    nothing = Scores(0, 0, 0)

    assert (nothing.precision, nothing.recall, nothing.f1) == (None, None, None)


def judged(seed: int, right: int) -> Judged:
    scores = Scores(right, 1000, 1000)
    return Judged(
        seed,
        {name: (scores, scores) for name in (RECORDS, SESSIONS, ACCOUNTS, EMPLOYMENTS)},
        [
            {"rule": "email", "refused": "", "links": 10, "pairs": 4, "right_pairs": 3},
            {"rule": "email", "refused": "placeholder address", "links": 2, "pairs": 1, "right_pairs": 0},
        ],
        [{"parts": [["crm|lead|1"], ["web|attendee|sato@acme.co.jp"]], "rules": ["email"]}],
        [{"parts": [["crm|lead|1"], ["crm|lead|2"]], "is_knowable": True, "refusals": []}],
        [{"anonymous_id": "b1", "sessions": 2, "given_to": "nobody", "links": None}],
        [{"kind": "cards lead", "has": "no address", "records": 3}],
    )


@pytest.mark.parametrize(("right", "verdict"), [(1000, "met everywhere."), (998, f"missed by {RECORDS} (seed 1), ")])
def test_the_page_says_whether_the_aim_is_met(right: int, verdict: str) -> None:
    assert verdict in page([judged(1, right)], 365, 1.0)


def test_the_page_adds_up_companies_and_masks_addresses() -> None:
    text = page([judged(1, 1000), judged(2, 1000)], 365, 1.0)

    assert "| email | 20 | 8 | 2 | 0.7500 |" in text
    assert "| email | placeholder address | 4 | 2 | 0 |" in text
    assert "| crm/lead/1 — web/attendee/s***@acme.co.jp | email |" in text
    assert "| crm/lead/1 — crm/lead/2 | yes | no key that the records share |" in text
    assert "| b1 | 2 | nobody | nothing |" in text
    assert "though knowable: 3." in text
    assert "| cards lead | no address | 3 |" in text
    assert "sato@" not in text
