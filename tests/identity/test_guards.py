"""Guards one by one: in each case only the one that is named keeps the records apart."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.identity.company import Company

pytestmark = pytest.mark.xdist_group("identity")


def test_two_people_of_one_name_on_a_placeholder_number(company: Company) -> None:
    one = company.person("P1", phone="03-1234-5678", name="佐藤 花子")
    other = company.person("P2", phone="03-1234-5678", name="佐藤 花子")

    night = company.night()

    assert night.are_apart(one, other)
    assert night.refusals(one) == night.refusals(other) == {"placeholder number"}


def test_id_of_a_record_that_was_made_after_it_was_named(company: Company) -> None:
    # Nothing but the dates speaks against the id: no name, no second mailbox.
    lead = company.lead("L1", email="sato@acme.co.jp", name="佐藤 花子", hubspot_id="101")
    company.night()
    company.now += timedelta(days=30)
    stranger = company.hubspot("101")

    night = company.night()

    assert night.are_apart(lead, stranger)
    assert any("id used again" in reason for reason in night.refusals(lead))


def test_id_of_a_record_that_was_made_before_it_was_named(company: Company) -> None:
    contact = company.hubspot("101")
    company.night()
    lead = company.lead("L1", email="sato@acme.co.jp", name="佐藤 花子", hubspot_id="101")

    assert company.night().are_one(lead, contact)


def test_id_that_two_portals_give(company: Company) -> None:
    domestic = company.hubspot("101", portal="hubspot_japan")
    lead = company.lead("L1", email="sato@acme.co.jp", hubspot_id="101")
    one_portal = company.night()

    abroad = company.hubspot("101", portal="hubspot_abroad")
    two_portals = company.night()

    assert one_portal.are_one(lead, domestic)
    assert two_portals.are_apart(lead, domestic, abroad), "nothing tells which portal's contact is meant"


@pytest.mark.parametrize("names", [[None], ["佐藤 花子"], ["佐藤 花子", "Hanako Sato"]])
def test_external_id_of_many_mailboxes(company: Company, names: list[str | None]) -> None:
    people = [
        company.person(f"P{n}", email=f"mailbox{n}@acme.co.jp", external_id="X1", name=names[n % len(names)])
        for n in range(5)
    ]
    five = company.night()

    people.append(company.person("P5", email="mailbox5@acme.co.jp", external_id="X1", name=names[-1]))
    six = company.night()

    assert five.are_one(*people[:5])
    assert six.are_apart(*people)
    assert all("id of many mailboxes" in six.refusals(person) for person in people)


def test_browser_that_only_opened_the_links_of_several_persons(company: Company) -> None:
    one = company.contact("C1", email="sato@acme.co.jp", name="佐藤 花子")
    other = company.contact("C2", email="suzuki@acme.co.jp", name="鈴木 一郎")
    first = company.now
    company.mail_click("reader", "sato@acme.co.jp", first)
    alone = company.night()

    second = company.now
    company.mail_click("reader", "suzuki@acme.co.jp", second)
    shared = company.night()

    assert alone.owner("reader", first) == alone.person_of[one]
    assert shared.are_apart(one, other)
    assert [shared.owner("reader", moment) for moment in (first, second, shared.as_of)] == [None] * 3


def test_oldest_record_that_leaves_its_person_gets_a_further_id(company: Company) -> None:
    oldest = company.person("P1", email="sato@acme.co.jp")
    company.now += timedelta(hours=1)
    others = [company.person(f"P{number}", email="sato@acme.co.jp") for number in (2, 3)]
    whole = company.night()

    company.person("P1", email="suzuki@acme.co.jp")
    split = company.night()

    assert split.are_one(*others)
    assert split.person_of[others[0]] == whole.person_of[oldest], "most records keep the id that the oldest one made"
    assert split.are_apart(oldest, others[0])
    told = [change.change for change in split.changes if change.record_key == oldest]
    assert told == ["created", "split"]


def test_further_id_where_the_own_id_lives_in_a_person_that_the_night_does_not_touch(company: Company) -> None:
    wanderer = company.person("P1", email="sato@acme.co.jp")
    company.now += timedelta(hours=1)
    former = [company.person(f"P{number}", email="sato@acme.co.jp") for number in (2, 3)]
    hosts = [company.person(f"P{number}", email="suzuki@acme.co.jp") for number in (4, 5)]
    company.night()
    company.person("P1", email="suzuki@acme.co.jp")
    guest = company.night()

    company.person("P1", email="takahashi@acme.co.jp")
    alone = company.night()

    assert guest.are_one(wanderer, *hosts)
    assert alone.are_apart(wanderer, former[0], hosts[0])
    assert [alone.person_of[record] for record in (*former, *hosts)] == [
        guest.person_of[record] for record in (*former, *hosts)
    ]


def test_always_link_joins_two_contacts_of_one_crm(company: Company) -> None:
    one = company.contact("C1", email="sato@acme.co.jp", name="佐藤 花子")
    other = company.contact("C2", email="hanako@gmail.com", name="佐藤 花子")
    before = company.night()

    company.list_pair("always_link", one, other)
    listed = company.night()

    assert before.are_apart(one, other)
    assert listed.are_one(one, other)


def test_merge_in_one_tool_does_not_join_two_contacts_of_another(company: Company) -> None:
    contacts = [company.contact(f"C{number}", email=f"mailbox{number}@acme.co.jp") for number in (1, 2)]
    hubspot_contacts = [company.hubspot(f"H{number}") for number in (1, 2)]
    for pair in zip(contacts, hubspot_contacts, strict=True):
        company.list_pair("always_link", *pair)
    before = company.night()

    company.hubspot("H1", merged=["H2"])
    merged = company.night()

    for night in (before, merged):
        assert night.are_one(contacts[0], hubspot_contacts[0])
        assert night.are_one(contacts[1], hubspot_contacts[1])
        assert night.are_apart(*contacts)
    assert any("second contact of salesforce" in reason for reason in merged.refusals(hubspot_contacts[1]))
