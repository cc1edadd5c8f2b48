"""What stays true from night to night: crashes, earlier nights run again, changed lists, ids of persons long merged."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.identity.company import Company

pytestmark = pytest.mark.xdist_group("identity")


def first_day(company: Company) -> None:
    company.contact("C1", email="sato@acme.co.jp", name="佐藤 花子")
    company.contact("C2", email="suzuki@acme.co.jp", name="鈴木 一郎")
    company.person("P1", email="sato@acme.co.jp", name="佐藤 花子")
    company.login("laptop", "C1")


def second_day(company: Company) -> None:
    """The CRM merges two contacts, and somebody new comes."""
    company.contact("C2", email="suzuki@acme.co.jp", name="鈴木 一郎", merged_into="C1")
    company.person("P2", email="takahashi@works.jp", name="高橋 美咲")
    company.login("laptop", "P2")


def third_day(company: Company) -> None:
    """The merge is undone, and a record is another person's."""
    company.contact("C2", email="suzuki@acme.co.jp", name="鈴木 一郎")
    company.person("P1", email="takahashi@works.jp", name="高橋 美咲")


@pytest.mark.parametrize(
    "model",
    [
        "int_identity__changed_links",
        "int_identity__touched",
        "int_identity__touched_components",
        "int_identity__components",
        "int_identity__touched_records",
        "int_identity__membership",
        "person_changes",
        "int_identity__resolved_links",
        "int_identity__resolution",
        "record_person",
    ],
)
def test_a_run_after_a_crash_ends_as_if_there_had_been_none(company: Company, model: str) -> None:
    first_day(company)
    company.night()
    second_day(company)
    expected = company.night()

    crashed = Company(company.warehouse)
    first_day(crashed)
    crashed.night()
    second_day(crashed)
    crashed.crash(model)

    assert crashed.night() == expected


def test_a_night_missed_after_a_crash_is_made_up_for_by_the_next(company: Company) -> None:
    first_day(company)
    company.night()
    second_day(company)
    company.night()
    third_day(company)
    expected = company.night()

    crashed = Company(company.warehouse)
    first_day(crashed)
    crashed.night()
    second_day(crashed)
    crashed.crash("int_identity__resolved_links")
    crashed.now += timedelta(days=1)
    third_day(crashed)

    assert crashed.night().shape == expected.shape


def test_an_earlier_night_can_be_run_again(company: Company) -> None:
    first_day(company)
    first = company.night()
    second_day(company)
    company.night()
    third_day(company)
    last = company.night()

    company.warehouse.run(first.as_of)
    earlier = company.read(first.as_of)
    ids = dict(company.warehouse.query("select person_id, current_person_id from identity.person_ids"))
    company.warehouse.run(last.as_of)
    again = company.read(last.as_of)

    assert earlier.person_of == first.person_of
    assert earlier.shape == first.shape
    assert earlier.changes == last.changes, "what was told stays told"
    assert ids.keys() >= set(last.person_of.values()), "an id of a later night stands for nobody, not for a gap"
    assert again == last


def test_a_changed_list_resolves_all_history_anew_and_keeps_ids(company: Company) -> None:
    readers = [company.person(f"P{number}", email="kanto2@acme.co.jp") for number in range(3)]
    others = [company.contact("C1", email="sato@acme.co.jp"), company.person("P9", email="sato@acme.co.jp")]
    before = company.night()

    company.warehouse.insert("staging.role_mailboxes", [{"local_part": "kanto2"}])
    listed = company.night()
    company.warehouse.delete("staging.role_mailboxes", "local_part = 'kanto2'")
    unlisted = company.night()

    assert before.are_one(*readers)
    assert listed.are_apart(*readers)
    assert before.person_of[readers[0]] in {listed.person_of[reader] for reader in readers}
    assert all(listed.person_of[other] == before.person_of[other] for other in others)
    assert unlisted.person_of == before.person_of


def test_a_record_can_be_kept_from_an_identifier(company: Company) -> None:
    contact = company.contact("C1", email="sato@acme.co.jp")
    card = company.person("P1", email="sato@acme.co.jp")
    stranger = company.person("P2", email="sato@acme.co.jp")
    company.list_pair("never_link", stranger, "email|sato@acme.co.jp")

    night = company.night()

    assert night.are_one(contact, card)
    assert night.are_apart(contact, stranger)


def test_an_id_leads_for_ever_to_the_person_who_has_its_records(company: Company) -> None:
    people = [company.person(f"P{number}", email=f"mailbox{number}@acme.co.jp") for number in range(4)]
    first = company.night()
    # Each night the person so far is joined to one more.
    for number in range(3):
        company.list_pair("always_link", people[number], people[number + 1])
        last = company.night()

    assert last.are_one(*people)
    current = dict(company.warehouse.query("select person_id, current_person_id from identity.person_ids"))
    assert {current[first.person_of[person]] for person in people} == {last.person_of[people[0]]}


def test_who_a_record_was_taken_for_can_be_asked_of_any_moment(company: Company) -> None:
    nights = []
    for day in (first_day, second_day, third_day):
        day(company)
        nights.append(company.night())

    for night in nights:
        known = company.warehouse.query(
            f"""
            select record_key, person_id from identity.membership_history
            where known_from <= '{night.as_of}' and (known_to is null or known_to > '{night.as_of}')
                and person_id is not null
            """
        )
        assert dict(known) == night.person_of
