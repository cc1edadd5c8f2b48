"""Records that come again changed or vanish, and rules that change: a night ends where a full run would."""

from __future__ import annotations

import pytest

from tests.identity.company import Company

pytestmark = pytest.mark.xdist_group("identity")


def test_a_deleted_contact_that_is_restored_is_a_person_of_its_own_again(company: Company) -> None:
    shared = {"email": "sato@acme.co.jp", "name": "佐藤 花子"}
    living = company.contact("C1", **shared)
    other = company.contact("C2", **shared, deleted=True)
    deleted = company.night()

    company.contact("C2", **shared)
    restored = company.night()

    assert deleted.are_one(living, other), "what the CRM deleted is no second contact"
    assert restored.are_apart(living, other)
    assert restored.person_of[living] == deleted.person_of[living]
    assert company.full_run(restored.as_of) == restored


def test_a_contact_that_is_deleted_later_joins_the_living_one(company: Company) -> None:
    shared = {"email": "sato@acme.co.jp", "name": "佐藤 花子"}
    living = company.contact("C1", **shared)
    other = company.contact("C2", **shared)
    both = company.night()

    company.contact("C2", **shared, deleted=True)
    deleted = company.night()

    assert both.are_apart(living, other)
    assert deleted.are_one(living, other)
    assert deleted.person_of[living] == both.person_of[living]
    assert company.full_run(deleted.as_of) == deleted


def test_a_contact_that_is_deleted_and_restored_in_turns_comes_back_under_its_id(company: Company) -> None:
    shared = {"email": "sato@acme.co.jp", "name": "佐藤 花子"}
    nights = []
    for deleted in (False, True, False, True):
        company.contact("C1", **shared)
        company.contact("C2", **shared, deleted=deleted)
        nights.append(company.night())

    assert [len(night.persons) for night in nights] == [2, 1, 2, 1]
    assert nights[2].person_of == nights[0].person_of
    assert nights[3].person_of == nights[1].person_of
    assert company.full_run(nights[3].as_of) == nights[3]


def test_a_record_that_gets_another_name_is_judged_anew(company: Company) -> None:
    holder = company.person("P1", email="sato@acme.co.jp", name="佐藤 花子")
    other = company.person("P2", email="sato@acme.co.jp", name="佐藤 花子")
    before = company.night()

    company.person("P2", email="sato@acme.co.jp", name="鈴木 一郎")
    after = company.night()

    assert before.are_one(holder, other)
    assert after.are_apart(holder, other)
    assert company.full_run(after.as_of) == after


def test_a_changed_strength_decides_anew_which_links_are_cut(company: Company) -> None:
    # The enrichment id says that the CRM's two contacts are one; mailbox and id compete for the cards.
    one = company.contact("C1", email="sato@acme.co.jp", name="佐藤 花子")
    other = company.contact("C2", email="hanako@gmail.com", name="佐藤 花子")
    card = company.person("P1", email="sato@acme.co.jp", name="佐藤 花子", external_id="X1")
    other_card = company.person("P2", email="hanako@gmail.com", name="佐藤 花子", external_id="X1")
    weaker = company.night()

    company.change_rule("email", strength=72)
    stronger = company.night()

    assert weaker.are_one(card, other_card), "the id, with 70, goes before the mailbox, with 50"
    assert weaker.are_apart(one, other)
    assert stronger.are_one(one, card)
    assert stronger.are_one(other, other_card)
    assert stronger.are_apart(one, other)
    assert company.full_run(stronger.as_of) == stronger


def test_a_rule_that_no_longer_joins_leaves_its_records_alone(company: Company) -> None:
    contact = company.contact("C1", email="sato@acme.co.jp", name="佐藤 花子")
    card = company.person("P1", email="sato@acme.co.jp", name="佐藤 花子")
    joined = company.night()

    company.change_rule("email", joins=False)
    switched_off = company.night()
    full = company.full_run(switched_off.as_of)
    company.change_rule("email", joins=True)
    switched_on = company.night()

    assert joined.are_one(contact, card)
    assert switched_off.are_apart(contact, card)
    for record in (contact, card):
        assert any("identity_rules" in reason for reason in switched_off.refusals(record))
    assert full == switched_off
    assert switched_on.person_of == joined.person_of


def test_an_erased_record_is_told_once_and_created_again_when_it_comes_back(company: Company) -> None:
    contact = company.contact("C1", email="sato@acme.co.jp", name="佐藤 花子")
    card = company.person("P1", email="sato@acme.co.jp", name="佐藤 花子")
    bystander = company.person("P2", email="suzuki@acme.co.jp", name="鈴木 一郎")
    nights = [company.night()]
    for gone in ("raw.files__person", "raw.files__person", "raw.salesforce__contacts"):
        company.warehouse.delete(gone, "coalesce(email, '') <> 'suzuki@acme.co.jp'")
        nights.append(company.night())
    refreshed = company.full_run(nights[-1].as_of)
    company.person("P1", email="sato@acme.co.jp", name="佐藤 花子")
    nights.append(company.night())

    last = nights[-1]
    told = {
        record: [(change.changed_at, change.change) for change in last.changes if change.record_key == record]
        for record in (contact, card, bystander)
    }
    first, erased, _, contact_erased, back = (night.as_of for night in nights)
    assert told == {
        contact: [(first, "created"), (contact_erased, "erased")],
        card: [(first, "created"), (erased, "erased"), (back, "created")],
        bystander: [(first, "created")],
    }
    assert refreshed == nights[-2]
    assert [last.membership_at(night.as_of) for night in nights] == [night.person_of for night in nights]
