"""What holds for any company: resolution depends on what was delivered, not on when, in which order, or how often."""

from __future__ import annotations

import os
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.identity.company import START, Company, Night
from tests.identity.graph import Warehouse
from tests.identity.test_components import union_find

pytestmark = pytest.mark.xdist_group("identity")

# Few examples by default; LEADMILL_HYPOTHESIS=thorough for a change of the resolution.
settings.register_profile("few", max_examples=6, deadline=None)
settings.register_profile("thorough", max_examples=200, deadline=None)
SLOW = settings.get_profile(os.environ.get("LEADMILL_HYPOTHESIS", "few"))

# Small pools, so that records meet in every way.
EMAILS = ("sato@acme.co.jp", "suzuki@acme.co.jp", "hanako@gmail.com", "info@acme.co.jp", "sato@works.jp")
PHONES = ("090-8765-4321", "03-3211-5678")
NAMES = ("佐藤 花子", "佐藤花子", "鈴木 一郎", "高橋 美咲", "Hanako Sato")
COMPANIES = ("株式会社アクメ", "日本工業株式会社")
BROWSERS = ("phone", "laptop")


def ids(letter: str) -> st.SearchStrategy[str]:
    return st.sampled_from([f"{letter}{number}" for number in range(1, 4)])


def one_of(values: tuple[str, ...]) -> st.SearchStrategy[str | None]:
    return st.none() | st.sampled_from(values)


def record(kind: str, own_id: st.SearchStrategy[str], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A delivery of one kind of record: the method of Company that takes it, the record's id, and its fields."""
    person = {
        "email": one_of(EMAILS),
        "phone": one_of(PHONES),
        "name": one_of(NAMES),
        "created": st.integers(1, 9).map(lambda days: START - timedelta(days=days)),
        "updated": st.just(START),
    }
    return st.tuples(st.just(kind), own_id, st.fixed_dictionaries(person | fields))


def any_record() -> st.SearchStrategy[Any]:
    return st.one_of(
        record(
            "contact",
            ids("C"),
            merged_into=st.none() | ids("C"),
            deleted=st.booleans(),
            hubspot_id=st.none() | ids("H"),
        ),
        record(
            "lead",
            ids("L"),
            converted_to=st.none() | ids("C"),
            hubspot_id=st.none() | ids("H"),
            company=one_of(COMPANIES),
        ),
        record(
            "hubspot",
            ids("H"),
            more_emails=st.lists(st.sampled_from(EMAILS), max_size=1),
            merged=st.lists(ids("H"), max_size=1),
            salesforce_contact=st.none() | ids("C"),
            company=one_of(COMPANIES),
        ),
        record("person", ids("P"), external_id=one_of(("X1", "X2")), company=one_of(COMPANIES)),
    )


records = st.lists(any_record(), min_size=1, max_size=9, unique_by=lambda delivery: delivery[:2])

actions = st.one_of(
    st.tuples(st.just("login"), st.sampled_from(BROWSERS), ids("C") | ids("P")),
    st.tuples(st.sampled_from(["form", "mail_click"]), st.sampled_from(BROWSERS), st.sampled_from(EMAILS)),
)
hits = st.lists(
    st.tuples(actions, st.integers(1, 200).map(lambda hours: START - timedelta(hours=hours))),
    max_size=5,
    unique_by=lambda hit: hit[1],
).map(lambda found: [("hit", action, at) for action, at in found])

histories = st.tuples(records, hits).map(lambda parts: parts[0] + parts[1])


def deliver(company: Company, deliveries: list[Any]) -> list[str]:
    """Deliver records and hits, and return the keys of the records."""
    keys = []
    for delivery in deliveries:
        if delivery[0] == "hit":
            _, (action, browser, whom), at = delivery
            getattr(company, action)(browser, whom, at)
        else:
            kind, record_id, fields = delivery
            keys.append(getattr(company, kind)(record_id, **fields))
    return keys


def delivered_anew(deliveries: list[Any], day: int) -> list[Any]:
    """Mark records as changed on a day, so that they replace the versions of the days before."""
    return [
        delivery if delivery[0] == "hit" else (*delivery[:2], delivery[2] | {"updated": START + timedelta(days=day)})
        for delivery in deliveries
    ]


def nights_of(company: Company, nights: list[list[Any]]) -> Night:
    """Run one night for each list of deliveries, and return the last."""
    for deliveries in nights:
        deliver(company, deliveries)
        night = company.night()
    return night


def spread(data: st.DataObject, deliveries: list[Any], nights: int) -> list[list[Any]]:
    """Draw on which of some nights each delivery comes."""
    return [
        [delivery for delivery, chosen in zip(deliveries, when, strict=True) if chosen == night]
        for when in [
            data.draw(st.lists(st.integers(0, nights - 1), min_size=len(deliveries), max_size=len(deliveries)))
        ]
        for night in range(nights)
    ]


@given(histories, st.data())
@SLOW
def test_the_order_of_rows_does_not_matter(warehouse: Warehouse, history: list[Any], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(history))

    one = nights_of(Company(warehouse), [history])
    other = nights_of(Company(warehouse), [shuffled])

    assert one.shape == other.shape
    assert one.person_of == other.person_of


@given(histories, st.data())
@SLOW
def test_the_order_of_nights_does_not_matter(warehouse: Warehouse, history: list[Any], data: st.DataObject) -> None:
    nights = spread(data, history, 3)
    shuffled = data.draw(st.permutations(nights))

    one = nights_of(Company(warehouse), nights)
    other = nights_of(Company(warehouse), shuffled)

    assert one.shape == other.shape


@given(histories, st.data())
@SLOW
def test_a_night_that_brings_nothing_changes_nothing(
    warehouse: Warehouse, history: list[Any], data: st.DataObject
) -> None:
    company = Company(warehouse)
    before = nights_of(company, spread(data, history, 2))
    company.warehouse.run(before.as_of)
    again = company.read(before.as_of)
    after = company.night()

    assert again == before, "the same night, run again"
    assert after == before._replace(as_of=after.as_of), "the night after"


@given(histories, st.data())
@SLOW
def test_incremental_is_full(warehouse: Warehouse, history: list[Any], data: st.DataObject) -> None:
    company = Company(warehouse)
    incremental = nights_of(company, spread(data, history, 3))
    refreshed = company.full_run(incremental.as_of)
    fresh = nights_of(Company(warehouse), [history])

    assert refreshed == incremental, "refreshed: the ids and the log stay as well"
    assert fresh.shape == incremental.shape, "from nothing"


@given(st.lists(records, min_size=2, max_size=3), hits)
@SLOW
def test_incremental_is_full_where_records_change(
    warehouse: Warehouse, deliveries: list[list[Any]], seen: list[Any]
) -> None:
    company = Company(warehouse)
    incremental = nights_of(company, [[*seen, *delivered_anew(night, day)] for day, night in enumerate(deliveries)])
    refreshed = company.full_run(incremental.as_of)
    last_versions = {delivery[:2]: delivery for night in deliveries for delivery in night}
    fresh = nights_of(Company(warehouse), [[*seen, *last_versions.values()]])

    assert refreshed == incremental, "refreshed: the ids and the log stay as well"
    assert fresh.shape == incremental.shape, "from nothing"


@given(histories, st.data())
@SLOW
def test_the_log_replays_to_every_night(warehouse: Warehouse, history: list[Any], data: st.DataObject) -> None:
    company = Company(warehouse)
    nights = []
    # A record may come again as another person's: links vanish, records move.
    for day, deliveries in enumerate([*spread(data, history, 2), data.draw(records)]):
        deliver(company, delivered_anew(deliveries, day))
        nights.append(company.night())

    for night in nights:
        assert nights[-1].membership_at(night.as_of) == night.person_of
    assert all(told.changes == nights[-1].changes[: len(told.changes)] for told in nights), "append-only"


@given(records, st.data())
@SLOW
def test_a_new_record_leaves_unrelated_persons_alone(
    warehouse: Warehouse, known: list[Any], data: st.DataObject
) -> None:
    added = data.draw(any_record())
    assume(all(added[:2] != delivery[:2] for delivery in known))
    company = Company(warehouse)
    keys = deliver(company, known)
    before = company.night()
    deliver(company, [added])
    after = company.night()

    related = _related(added, known)
    unrelated = {key for key, delivery in zip(keys, known, strict=True) if delivery[1] not in related}
    assert {key: before.person_of[key] for key in unrelated} == {key: after.person_of[key] for key in unrelated}
    assert {link for link in before.links if link[0] in unrelated} == {
        link for link in after.links if link[0] in unrelated
    }
    new = after.changes[len(before.changes) :]
    assert not unrelated & {change.record_key for change in new}


@given(records, st.data())
@SLOW
def test_never_link_is_never_violated(warehouse: Warehouse, known: list[Any], data: st.DataObject) -> None:
    company = Company(warehouse)
    keys = deliver(company, known)
    assume(len(keys) > 1)
    pairs = data.draw(
        st.lists(st.lists(st.sampled_from(keys), min_size=2, max_size=2, unique=True), min_size=1, max_size=3)
    )
    company.night()
    for left, right in pairs:
        company.list_pair("never_link", left, right)
        # Never wins over always.
        company.list_pair("always_link", left, right)
    listed = company.night()
    company.unlist_pairs("never_link")
    company.unlist_pairs("always_link")
    company.night()
    for left, right in pairs:
        company.list_pair("never_link", right, left)
    listed_again = company.night()

    for left, right in pairs:
        assert listed.are_apart(left, right)
        assert listed_again.are_apart(left, right)


@given(records, st.data())
@SLOW
def test_removing_a_wrong_link_restores_the_persons(
    warehouse: Warehouse, known: list[Any], data: st.DataObject
) -> None:
    company = Company(warehouse)
    keys = deliver(company, known)
    assume(len(keys) > 1)
    before = company.night()
    left, right = data.draw(st.lists(st.sampled_from(keys), min_size=2, max_size=2, unique=True))
    company.list_pair("always_link", left, right)
    joined = company.night()
    company.unlist_pairs("always_link")
    after = company.night()

    assert joined.are_one(left, right)
    assert after.shape == before.shape
    # Where the wrong link tore other links (a constraint cut them for it), ids may have moved with the records.
    if all(any(person <= whole for whole in joined.persons) for person in before.persons):
        assert after.person_of == before.person_of


@given(records, hits)
@SLOW
def test_a_browser_joins_nobody(warehouse: Warehouse, known: list[Any], seen: list[Any]) -> None:
    without = nights_of(Company(warehouse), [known])
    night = nights_of(Company(warehouse), [known + seen])

    known_before = frozenset(without.person_of)
    assert {person & known_before for person in night.persons} - {frozenset()} == without.persons
    for browser in BROWSERS:
        intervals = sorted(
            (valid_from or START - timedelta(days=999), valid_to or START + timedelta(days=999))
            for owned, _, valid_from, valid_to in night.owners
            if owned == browser
        )
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(intervals)), "one owner at a time"


@given(histories, st.data())
@SLOW
def test_persons_are_the_components_of_the_active_links(
    warehouse: Warehouse, history: list[Any], data: st.DataObject
) -> None:
    night = nights_of(Company(warehouse), spread(data, history, 2))

    links = [(left, right) for left, right, rule, active, _ in night.links if active and not _is_of_browser(rule)]
    alone = [(key, key) for key in night.person_of]
    components = {frozenset(nodes & night.person_of.keys()) for nodes in union_find(links + alone)}
    assert components == night.persons


def _is_of_browser(rule: str) -> bool:
    return rule.startswith("anonymous_id")


def _related(added: Any, known: list[Any]) -> set[str]:
    """Return every value that the new record shares with others, directly or by way of further records."""
    values = [_identifiers(delivery) for delivery in known]
    related = _identifiers(added)
    while grown := [found for found in values if found & related and not found <= related]:
        related = related.union(*grown)
    return related


def _identifiers(delivery: Any) -> set[str]:
    _, record_id, fields = delivery
    singles = ("email", "phone", "external_id", "merged_into", "hubspot_id", "converted_to", "salesforce_contact")
    found = {record_id, *(fields[name] for name in singles if fields.get(name))}
    return found.union(fields.get("more_emails", ()), fields.get("merged", ()))
