"""Persons without a shared key: what the tier joins, what it leaves for review, and what it never does."""

from __future__ import annotations

import random
import subprocess
import sys
from itertools import combinations
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.agglomeration import agglomerate
from identity.probabilistic import Tier, probable_links
from leadmill.errors import InputError
from tests.identity.company import Company

TIER = Tier(enabled=True, join_at=0.95, review_at=0.5)
COLUMNS = {
    **dict.fromkeys(("record_key", "component_key", "exclusive_source", "mail_domain"), pa.string()),
    **dict.fromkeys(("name_key", "name_script", "company_key", "phone"), pa.string()),
    **dict.fromkeys(("address", "postal_code", "birth_date"), pa.string()),
    "updated_at": pa.timestamp("us"),
}
FAMILY_NAMES = ("abe", "endo", "goto", "hara", "ikeda", "kato", "mori", "nakano", "ogawa", "saito", "tanaka", "ueda")
GIVEN_NAMES = ("aiko", "daichi", "emi", "haruto", "jun", "kenji", "mika", "naoki", "rina", "sho", "takumi", "yui")

Pair = tuple[str, str]
Record = dict[str, Any]


def record(key: str, component: str, name: str, **facts: Any) -> Record:
    return {"record_key": key, "component_key": component, "name_key": name, "name_script": "latin", **facts}


def town() -> list[Record]:
    """Many persons, all apart and most of them known to two tools by a key: what the tier learns from."""
    records = []
    for number in range(360):
        name = f"{FAMILY_NAMES[number % 12]} {GIVEN_NAMES[(number * 7 + number // 12) % 12]}"
        facts = {"company_key": f"company {number % 60}", "phone": f"+8133000{number:04}"}
        records.append(record(f"crm|{number}", f"p{number:03}", name, **facts))
        if number % 3:
            records.append(record(f"ma|{number}", f"p{number:03}", name, **facts))
    return records


def links(*persons: Record, never: list[Pair] | None = None) -> dict[Pair, tuple[bool, str | None]]:
    """Whether each likely pair in a town with these persons is joined, and why not."""
    found = linked([*town(), *persons], never or [])
    return {
        (row["left_component_key"], row["right_component_key"]): (row["is_joined"], row["reason"])
        for row in found.to_pylist()
    }


def linked(records: list[Record], never: list[Pair]) -> pa.Table:
    columns = {name: pa.array([row.get(name) for row in records], kind) for name, kind in COLUMNS.items()}
    lefts, rights = zip(*never, *((right, left) for left, right in never), strict=True) if never else ((), ())
    apart = {"left_component_key": pa.array(lefts, pa.string()), "right_component_key": pa.array(rights, pa.string())}
    return probable_links(pa.table(columns), pa.table(apart), TIER)


def test_a_misspelt_name_with_the_same_phone_and_company_is_the_same_person() -> None:
    facts = {"company_key": "acme", "phone": "+81355550001"}

    found = links(record("a", "x1", "hoshino kanae", **facts), record("b", "x2", "hoshimo kanae", **facts))

    assert found["x1", "x2"] == (True, None)


def test_name_and_company_alone_do_not_join() -> None:
    found = links(
        record("a", "x1", "kato yui", company_key="company 5", phone="+81355550001"),
        record("b", "x2", "kato yui", company_key="company 5", phone="+81355550002"),
    )

    assert not any(is_joined for is_joined, _ in found.values())


def test_colleagues_who_share_desk_and_phone_stay_two() -> None:
    desk = {"company_key": "acme", "phone": "+81355550001", "postal_code": "1000005"}

    found = links(record("a", "x1", "hoshino kanae", **desk), record("b", "x2", "inoue ryota", **desk))

    assert found.get(("x1", "x2"), (False, ""))[0] is False


def test_colleagues_of_one_family_name_stay_two() -> None:
    desk = {"company_key": "acme", "postal_code": "1000005", "address": "tokyo chiyoda marunouchi 1"}

    found = links(record("a", "x1", "hoshino kanae", **desk), record("b", "x2", "hoshino ryota", **desk))

    assert found.get(("x1", "x2"), (False, ""))[0] is False


def test_what_the_user_the_crm_or_the_mail_server_keeps_apart_is_not_joined() -> None:
    alike = {"company_key": "acme", "phone": "+81355550001"}
    listed = [record("a", "x1", "hoshino kanae", **alike), record("b", "x2", "hoshino kanae", **alike)]
    in_crm = [row | {"exclusive_source": "crm"} for row in listed]
    with_mail = [row | {"mail_domain": "acme.co.jp"} for row in listed]

    assert links(*listed)["x1", "x2"] == (True, None)
    assert links(*listed, never=[("x2", "x1")])["x1", "x2"] == (False, "on the never-link list")
    assert links(*in_crm)["x1", "x2"] == (False, "one source holds both and tells them apart")
    assert links(*with_mail)["x1", "x2"] == (False, "two mailboxes of one company")


def test_all_pairs_that_join_name_one_person_for_the_group() -> None:
    alike = {"company_key": "acme", "phone": "+81355550001"}

    found = links(*(record(key, f"x{key}", "hoshino kanae", **alike) for key in "abc"))

    assert {pair for pair, (is_joined, _) in found.items() if is_joined} == {("xa", "xb"), ("xa", "xc")}


def test_the_order_of_records_decides_nothing() -> None:
    alike = {"company_key": "acme", "phone": "+81355550001"}
    records = [*town(), *(record(key, f"x{key}", "hoshino kanae", **alike) for key in "abc")]
    shuffled = random.Random(7).sample(records, len(records))  # noqa: S311

    assert linked(shuffled, []).equals(linked(records, []))


def test_few_records_teach_nothing_and_join_nobody() -> None:
    alike = {"company_key": "acme", "phone": "+81355550001"}

    found = linked([record(key, f"x{key}", "hoshino kanae", **alike) for key in "abc"], [])

    assert found.num_rows == 0


def test_nothing_of_splink_is_imported_while_the_tier_is_off() -> None:
    code = "import sys, identity.comparable_persons, identity.probabilistic; sys.exit('splink' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603


@pytest.mark.parametrize(
    "wrong",
    [{"enabled": "yes"}, {"join_at": "high"}, {"join_at": "1.5"}, {"join_at": "0.6"}, {"review_at": "0.99"}],
)
def test_a_setting_that_is_not_allowed_is_told(wrong: dict[str, str]) -> None:
    with pytest.raises(InputError, match="probabilistic_matching"):
        Tier.from_settings({"enabled": "true", "join_at": "0.95", "review_at": "0.5"} | wrong)


def test_turned_on_it_joins_and_turned_off_again_it_leaves_no_trace(company: Company) -> None:
    for row in town():
        tool, number = row["record_key"].split("|")
        mail = {"email": f"mail{number}@company{int(number) % 60}.co.jp"} if tool == "ma" or int(number) % 3 else {}
        person = {"name": row["name_key"], "phone": row["phone"], "company": row["company_key"], **mail}
        company.person(number, source=tool, **person)
    pair = [
        company.person("a", name="hoshino kanae", phone="03-5555-0001", company="Acme K.K."),
        company.person("b", name="hoshimo kanae", phone="03-5555-0001", company="Acme"),
    ]
    turn(company, "false")
    before = company.night()
    turn(company, "true")
    joined = company.night()
    turn(company, "false")
    after = company.night()

    assert before.are_apart(*pair)
    assert joined.are_one(*pair)
    assert joined.persons - before.persons == {frozenset(pair)}
    assert after.persons == before.persons


def turn(company: Company, enabled: str) -> None:
    company.warehouse.delete("staging.probabilistic_matching", "setting = 'enabled'")
    company.warehouse.insert("staging.probabilistic_matching", [{"setting": "enabled", "setting_value": enabled}])


def grouped(pairs: dict[Pair, float], forbidden: frozenset[Pair] = frozenset()) -> set[frozenset[str]]:
    """Groups of one candidate, of whose pairs those that are not told have probability 0."""
    nodes = sorted({node for pair in pairs for node in pair})
    told = [(left, right, pairs.get((left, right), 0.0)) for left, right in combinations(nodes, 2)]
    found = agglomerate(
        pa.table(
            {
                "candidate": pa.array([0] * len(told), pa.int64()),
                "left_key": pa.array([left for left, *_ in told], pa.string()),
                "right_key": pa.array([right for _, right, _ in told], pa.string()),
                "probability": pa.array([probability for *_, probability in told], pa.float64()),
                "is_forbidden": pa.array([(left, right) in forbidden for left, right, _ in told], pa.bool_()),
            }
        ),
        agreement=2 / 3,
    )
    groups: dict[str, set[str]] = {}
    for row in found.to_pylist():
        groups.setdefault(row["group_key"], set()).add(row["node_key"])
    return {frozenset(members) for members in groups.values()}


def test_sure_links_do_not_chain() -> None:
    chain = {(f"{n:03}", f"{n + 1:03}"): 0.999 for n in range(50)}

    assert max(len(group) for group in grouped(chain)) == 2
    assert grouped({("a", "b"): 0.99, ("b", "c"): 0.99, ("a", "c"): 0.6}) == {frozenset("abc")}


def test_one_forbidden_pair_keeps_large_groups_apart() -> None:
    sure = {pair: 0.999 for pair in combinations("abcdefghij", 2)}

    assert all(not {"a", "j"} <= group for group in grouped(sure, frozenset({("a", "j")})))


@given(
    probabilities=st.lists(st.floats(0, 1), min_size=15, max_size=15),
    forbidden=st.sets(st.sampled_from(list(combinations("abcdef", 2)))),
)
def test_groups_keep_the_rules_whatever_the_pairs(probabilities: list[float], forbidden: set[Pair]) -> None:
    pairs = dict(zip(combinations("abcdef", 2), probabilities, strict=True))

    groups = grouped(pairs, frozenset(forbidden))

    assert sorted(node for group in groups for node in group) == list("abcdef")
    for group in groups:
        inside = [pair for pair in combinations(sorted(group), 2)]
        assert not forbidden & set(inside)
        # Between any two parts the mean is high enough, and so it is over all pairs.
        assert not inside or sum(pairs[pair] for pair in inside) / len(inside) >= 2 / 3 - 1e-9
