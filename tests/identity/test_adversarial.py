"""Cases that melt strangers into one, or tear one person apart, in systems that trust a shared value too much."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from tests.identity.company import Company

pytestmark = pytest.mark.xdist_group("identity")

# Nine family names by nine given names: enough people of full names that differ.
FAMILY_NAMES = ("佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林")
GIVEN_NAMES = ("花子", "一郎", "美咲", "健太", "陽子", "翔", "愛", "大輔", "由美")
NAMES = [f"{family} {given}" for family in FAMILY_NAMES for given in GIVEN_NAMES]


def test_role_mailbox_shared_by_500(company: Company) -> None:
    people = [
        company.person(f"P{n}", email="info@acme.co.jp", name=NAMES[n % len(NAMES)], company="株式会社アクメ")
        for n in range(500)
    ]

    night = company.night()

    assert night.are_apart(*people)
    assert all(any("role mailbox" in reason for reason in night.refusals(person)) for person in people)


def test_unlisted_mailbox_shared_by_many_names(company: Company) -> None:
    # No list knows this mailbox; that so many names use it tells what it is.
    people = [company.person(f"P{n}", email="kanto2@acme.co.jp", name=NAMES[n]) for n in range(30)]

    night = company.night()

    assert night.are_apart(*people)
    assert all(night.refusals(person) for person in people)


def test_kiosk_browser(company: Company) -> None:
    visitors = [company.person(f"P{n}", email=f"visitor{n}@company{n}.co.jp", name=NAMES[n]) for n in range(20)]
    opened = company.now
    for minute in range(20):
        company.form("kiosk", f"visitor{minute}@company{minute}.co.jp", opened + timedelta(minutes=minute))

    night = company.night()

    assert night.are_apart(*visitors)
    for minutes in (-60, 5, 19, 600):
        assert night.owner("kiosk", opened + timedelta(minutes=minutes)) is None
    assert any(
        left == "site|anonymous_id|kiosk" and not active and reason for left, _, _, active, reason in night.links
    )


def test_browser_handed_on_to_a_colleague(company: Company) -> None:
    first = company.contact("C1", email="sato@acme.co.jp", name="佐藤 花子")
    second = company.contact("C2", email="suzuki@acme.co.jp", name="鈴木 一郎")
    monday = company.now
    company.login("laptop", "C1", monday)
    company.visit("laptop", monday + timedelta(minutes=5))
    company.night()
    company.night()
    company.visit("laptop", monday + timedelta(days=2))
    company.login("laptop", "C2", monday + timedelta(days=2, minutes=1))

    night = company.night()

    assert night.are_apart(first, second)
    assert night.owner("laptop", monday + timedelta(minutes=5)) == night.person_of[first]
    assert night.owner("laptop", monday + timedelta(days=2, minutes=2)) == night.person_of[second]


def test_login_of_one_person_in_many_browsers(company: Company) -> None:
    contact = company.contact("C1", email="sato@acme.co.jp", name="佐藤 花子")
    browsers = [f"browser{n}" for n in range(10)]
    for browser in browsers:
        company.login(browser, "C1")

    night = company.night()

    assert all(night.owner(browser, night.as_of) == night.person_of[contact] for browser in browsers)


def test_recycled_phone(company: Company) -> None:
    former = company.person(
        "P1", phone="090-8765-4321", name="佐藤 花子", company="株式会社アクメ", email="h@acme.co.jp"
    )
    company.night()
    company.now += timedelta(days=400)
    holder = company.person("P2", phone="+81 90 8765 4321", name="鈴木 一郎", company="日本工業株式会社")
    # At the same company, even: the company's mobile went to the successor.
    colleague = company.person("P3", phone="090 8765 4321", name="高橋 美咲", company="㈱アクメ")

    night = company.night()

    assert night.are_apart(former, holder, colleague)


def test_phone_alone_joins_nobody(company: Company) -> None:
    one = company.person("P1", phone="090-8765-4321", email="sato@acme.co.jp")
    other = company.person("P2", phone="090-8765-4321", email="suzuki@example-works.co.jp")

    assert company.night().are_apart(one, other)


def test_phone_with_the_name_joins(company: Company) -> None:
    card = company.person("P1", phone="090-8765-4321", name="佐藤 花子", email="sato@acme.co.jp")
    private = company.person("P2", phone="０９０８７６５４３２１", name="佐藤　花子", email="hanako@gmail.com")

    assert company.night().are_one(card, private)


def test_address_passed_on_to_a_successor(company: Company) -> None:
    former = company.contact("C1", email="kanto-eigyo1@acme.co.jp", name="佐藤 花子")
    former_card = company.person("P1", email="kanto-eigyo1@acme.co.jp", name="佐藤 花子")
    before = company.night()
    company.now += timedelta(days=200)
    successor = company.contact("C2", email="kanto-eigyo1@acme.co.jp", name="鈴木 一郎")
    successor_card = company.person("P2", email="kanto-eigyo1@acme.co.jp", name="鈴木 一郎")

    night = company.night()

    assert night.are_one(former, former_card)
    assert night.are_apart(former, successor)
    assert night.are_one(successor, successor_card)
    assert night.person_of[former] == before.person_of[former]


def test_one_address_under_a_maiden_and_a_married_name(company: Company) -> None:
    # The given name stays: this is one person, not a successor.
    maiden = company.person("P1", email="hanako@acme.co.jp", name="佐藤 花子")
    married = company.person("P2", email="hanako@acme.co.jp", name="鈴木 花子")

    assert company.night().are_one(maiden, married)


@pytest.mark.parametrize("phone", ["03-3211-5678", "090-8765-4321"])
def test_two_people_of_one_name_in_one_company(company: Company, phone: str) -> None:
    shared = {"name": "佐藤 花子", "company": "株式会社アクメ", "phone": phone}
    one = company.contact("C1", email="hanako.sato@acme.co.jp", **shared)
    other = company.contact("C2", email="hanako.sato2@acme.co.jp", **shared)
    one_card = company.person("P1", email="hanako.sato@acme.co.jp", **shared)
    other_card = company.person("P2", email="hanako.sato2@acme.co.jp", **shared)

    night = company.night()

    assert night.are_apart(one, other)
    assert night.are_one(one, one_card)
    assert night.are_one(other, other_card)


def test_two_contacts_of_one_crm_stay_apart_unless_it_merges_them(company: Company) -> None:
    one = company.contact("C1", email="sato@acme.co.jp", name="佐藤 花子")
    other = company.contact("C2", email="hanako@gmail.com", name="佐藤 花子")
    # An enrichment list that says they are one is a weaker witness than the CRM that keeps them as two.
    cards = [
        company.person("P1", email="sato@acme.co.jp", name="佐藤 花子", external_id="X1"),
        company.person("P2", email="hanako@gmail.com", name="佐藤 花子", external_id="X1"),
    ]

    apart = company.night()
    company.contact("C2", email="hanako@gmail.com", name="佐藤 花子", merged_into="C1")
    merged = company.night()

    assert apart.are_apart(one, other)
    assert merged.are_one(one, other, *cards)


def test_merge_undone_in_the_crm(company: Company) -> None:
    one = company.contact("C1", email="sato@acme.co.jp", name="佐藤 花子")
    card = company.person("P1", email="sato@acme.co.jp", name="佐藤 花子")
    other = company.contact("C2", email="suzuki@acme.co.jp", name="鈴木 一郎")
    before = company.night()
    company.contact("C2", email="suzuki@acme.co.jp", name="鈴木 一郎", merged_into="C1")
    merged = company.night()
    company.contact("C2", email="suzuki@acme.co.jp", name="鈴木 一郎")
    after = company.night()

    assert before.are_apart(one, other)
    assert merged.are_one(one, card, other)
    assert after.person_of == before.person_of, "both persons come back under their own ids"
    assert [change.change for change in after.changes if change.changed_at == after.as_of]


@pytest.mark.parametrize("length", [1, 2, 3, 7])
def test_circular_merges(company: Company, length: int) -> None:
    contacts = [
        company.contact(f"C{n}", email=f"person{n}@company{n}.co.jp", merged_into=f"C{(n + 1) % length}")
        for n in range(length)
    ]
    bystander = company.contact("C99", email="bystander@acme.co.jp")

    night = company.night()

    assert night.are_one(*contacts)
    assert night.are_apart(contacts[0], bystander)


def test_merges_are_followed_through_chains_from_loser_to_winner(company: Company) -> None:
    card = company.person("P1", email="old@acme.co.jp", name="佐藤 花子")
    loser = company.contact("C1", email="old@acme.co.jp", merged_into="C2")
    company.contact("C2", merged_into="C3")
    winner = company.contact("C3", email="new@acme.co.jp")
    lead = company.lead("L1", converted_to="C3")

    assert company.night().are_one(card, loser, winner, lead)


def test_id_used_again_by_the_crm(company: Company) -> None:
    lead = company.lead("L1", email="sato@acme.co.jp", name="佐藤 花子", hubspot_id="101")
    contact = company.hubspot("101", email="sato@acme.co.jp", name="佐藤 花子")
    before = company.night()
    company.now += timedelta(days=90)
    # HubSpot's old contact was deleted; a stranger got its number, and Salesforce still names it.
    company.hubspot("101", email="suzuki@other.co.jp", name="鈴木 一郎", created=company.now)
    card = company.person("P1", email="suzuki@other.co.jp", name="鈴木 一郎")

    night = company.night()

    assert before.are_one(lead, contact)
    assert night.are_apart(lead, contact)
    assert night.are_one(contact, card)
    assert night.person_of[lead] == before.person_of[lead]


@pytest.mark.parametrize("phone", ["00-0000-0000", "090-0000-0000", "03-1234-5678", "999-9999-9999"])
def test_phone_shared_by_thousands(company: Company, phone: str) -> None:
    people = [company.person(f"P{n}", phone=phone, name=NAMES[n % len(NAMES)], company=f"会社{n}") for n in range(2000)]

    assert company.night().are_apart(*people)


def test_placeholder_phone_of_two(company: Company) -> None:
    # Too few for a limit to strike: the value itself must be known for what it is.
    one = company.person("P1", phone="000-0000-0000", name="佐藤 花子", company="株式会社アクメ")
    other = company.person("P2", phone="00000000000", name="佐藤 花子", company="株式会社アクメ")

    assert company.night().are_apart(one, other)


@pytest.mark.parametrize("value", ["unknown", "-", "0", "不明", "N/A"])
def test_placeholder_ids_and_addresses(company: Company, value: str) -> None:
    one = company.person("P1", external_id=value, email=value, phone=value, name="佐藤 花子")
    other = company.person("P2", external_id=value, email=value, phone=value, name="佐藤 花子")

    assert company.night().are_apart(one, other)


def test_forwarded_tracking_link(company: Company) -> None:
    recipient = company.contact("C1", email="sato@acme.co.jp", name="佐藤 花子")
    colleague = company.contact("C2", email="suzuki@acme.co.jp", name="鈴木 一郎")
    morning = company.now
    company.login("colleagues", "C2", morning)
    company.mail_click("colleagues", "sato@acme.co.jp", morning + timedelta(hours=2))

    night = company.night()

    assert night.are_apart(recipient, colleague)
    for hours in (1, 2, 3):
        assert night.owner("colleagues", morning + timedelta(hours=hours)) == night.person_of[colleague]


def test_tracking_link_opened_before_the_browser_shows_whose_it_is(company: Company) -> None:
    recipient = company.contact("C1", email="sato@acme.co.jp", name="佐藤 花子")
    colleague = company.contact("C2", email="suzuki@acme.co.jp", name="鈴木 一郎")
    clicked = company.now
    company.mail_click("colleagues", "sato@acme.co.jp", clicked)
    company.night()
    company.login("colleagues", "C2", company.now)

    night = company.night()

    assert night.are_apart(recipient, colleague)
    assert night.owner("colleagues", clicked) == night.person_of[colleague], "a login outweighs a click"


@pytest.mark.parametrize("order", ["sorted", "shuffled"])
def test_chain_of_1000_merges(company: Company, order: str) -> None:
    ids = _ids(1000, order)
    contacts = [
        company.contact(record_id, email=f"{record_id}@acme.co.jp", merged_into=winner)
        for record_id, winner in zip(ids, [*ids[1:], None], strict=True)
    ]

    assert company.night().are_one(*contacts)


@pytest.mark.parametrize("order", ["sorted", "shuffled"])
def test_chain_of_1000_shared_values(company: Company, order: str) -> None:
    # Neighbours share an address and an enrichment id by turns; the two ends share nothing.
    ids = _ids(1000, order)
    people = [
        company.person(record_id, email=f"mailbox{(n + 1) // 2}@acme.co.jp", external_id=f"X{n // 2}")
        for n, record_id in enumerate(ids)
    ]
    bystander = company.person("bystander", email="mailbox9999@acme.co.jp", external_id="X9999")

    night = company.night()

    assert night.are_one(*people)
    assert night.are_apart(people[0], bystander)


def test_a_chain_that_loses_its_middle_falls_into_two(company: Company) -> None:
    ids = _ids(100, "shuffled")
    people = [
        company.person(record_id, email=f"mailbox{(n + 1) // 2}@acme.co.jp", external_id=f"X{n // 2}")
        for n, record_id in enumerate(ids)
    ]
    whole = company.night()
    company.person(ids[50], email="mailbox9999@acme.co.jp", external_id="X9999")
    night = company.night()

    assert whole.are_one(*people)
    assert night.are_one(*people[:50])
    assert night.are_one(*people[51:])
    assert night.are_apart(people[0], people[50], people[51])


def _ids(count: int, order: str) -> list[str]:
    ids = [f"N{number:04}" for number in range(count)]
    if order == "shuffled":
        random.Random(7).shuffle(ids)  # noqa: S311 - a fixed order that is not sorted
    return ids
