"""`leadmill who`: finds the one person that a text names, and tells why they are one."""

import re
from datetime import datetime

import pytest

from identity.explanation import Explanation, explain
from identity.masking import masked_address, masked_evidence, masked_id, masked_key, masked_phone
from leadmill.errors import InputError
from tests.identity.company import Company

ADDRESS, MOBILE, NAME = "sato.hanako@acme.co.jp", "080-3141-5926", "佐藤 花子"


def who(company: Company, wanted: str, *, with_text: bool = False) -> Explanation:
    return explain(company.warehouse._connection, wanted, with_text=with_text)


@pytest.fixture
def sato(company: Company) -> Company:
    """A company that knows one person by four records: a chain of address, id and phone."""
    company.hubspot("7", email=ADDRESS, name=NAME, phone=MOBILE, salesforce_contact="003A", merged=["6"])
    company.contact("003A", email="hanako@private.jp", name=NAME)
    company.person("card", name=NAME, phone="＋８１ 80 3141 5926")
    company.form("browser-1", ADDRESS)
    company.hubspot("8", email="suzuki@acme.co.jp", name="鈴木 一郎")
    company.night()
    return company


@pytest.mark.parametrize(
    "wanted",
    [
        *(ADDRESS, " Sato.Hanako@ACME.co.jp ", "ｓａｔｏ．ｈａｎａｋｏ＠ａｃｍｅ．ｃｏ．ｊｐ", f"Sato <{ADDRESS}>"),
        *("hanako@private.jp", "003A", "salesforce|contact|003A", "hubspot|contact|6", "6", "card", "browser-1"),
        *(MOBILE, "+818031415926", "０８０３１４１５９２６"),
    ],
)
def test_a_person_is_found_by_whatever_names_them(sato: Company, wanted: str) -> None:
    person = who(sato, wanted)

    assert {(row["source_system"], row["record_id"]) for row in person.records} >= {
        ("hubspot", "7"),
        ("salesforce", "003A"),
        ("cards", "card"),
    }


def test_a_person_is_found_by_id(sato: Company) -> None:
    person_id = who(sato, "003A").person_id

    assert who(sato, person_id).person_id == person_id


def test_the_chain_reaches_every_record_by_links_that_name_their_row(sato: Company) -> None:
    person = who(sato, "cards|person|card", with_text=True)

    reached = {"cards|person|card"}
    for link in person.chain:  # nearest first: each link starts where one has led to
        assert link["from_key"] in reached
        reached.add(link["to_key"])
    records = {f"{row['source_system']}|{row['record_type']}|{row['record_id']}" for row in person.records}
    assert records <= reached
    assert "hubspot|contact|6" in reached  # merged away: no source holds it, the merge tells of it
    assert [link["rule"] for link in person.chain[:2]] == ["phone_and_name", "phone_and_name"]
    assert person.chain[0]["source_file"] == "2026-01-01/files__person"
    assert person.chain[0]["source_row_number"] == 1
    assert all(link["first_seen_at"] for link in person.chain if link["rule"] != "merge")


def test_identifiers_that_lead_no_further_are_left_out(sato: Company) -> None:
    assert "email|suzuki@acme.co.jp" not in {link["to_key"] for link in who(sato, "8", with_text=True).chain}


def test_browsers_are_told_with_their_time_but_join_nothing(sato: Company) -> None:
    person = who(sato, "7")

    assert [(row["anonymous_id"], row["valid_from"], row["valid_to"]) for row in person.browsers] == [
        ("browser-1", None, None)
    ]
    assert not any("anonymous_id" in link["rule"] for link in person.chain)


def test_a_refused_link_is_told_with_its_reason_and_how_many_others_it_would_tie(company: Company) -> None:
    for number in range(4):
        company.person(f"p{number}", name="山田 太郎", email="info@acme.co.jp")
    company.night()

    (refused,) = who(company, "cards|person|p0").refused

    assert refused["rule"] == "email"
    assert refused["refused_reason"] == "role mailbox: several people read it"
    assert refused["other_persons"] == 3


def test_a_former_id_leads_to_the_person_of_today(company: Company) -> None:
    first, second = company.hubspot("1", email="a@acme.co.jp"), company.hubspot("2", email="b@acme.co.jp")
    before = company.night().person_of
    company.list_pair("always_link", first, second)
    after = company.night().person_of
    former = ({before[first], before[second]} - {after[first]}).pop()

    person = who(company, former)

    assert person.person_id == after[first]
    assert person.former_ids == [former]
    merged = [row for row in person.changes if row["change"] == "merged"]
    assert [(row["old_person_id"], row["new_person_id"], row["changed_at"]) for row in merged] == [
        (former, after[first], datetime(2026, 1, 3))  # noqa: DTZ001 - the warehouse stores UTC without a zone
    ]


def test_several_persons_are_told_by_id_only(company: Company) -> None:
    for number in range(12):
        company.person(f"p{number}", name=f"山田 {number}郎", email="info@acme.co.jp")
    company.night()

    with pytest.raises(InputError) as refusal:
        who(company, "info@acme.co.jp")

    told = str(refusal.value)
    assert told.startswith("12 persons are known by that. Ask for one by its id:")
    assert told.endswith("and 2 more")
    assert who(company, told.splitlines()[1].strip()).records


def test_nobody_is_an_input_error_that_says_how_to_ask(sato: Company) -> None:
    with pytest.raises(InputError, match="Ask with an e-mail address") as refusal:
        who(sato, "nobody@acme.co.jp")

    assert "nobody@" not in str(refusal.value)
    assert refusal.value.exit_code == 2


def test_personal_data_is_shown_on_demand_only(sato: Company) -> None:
    masked_text, text = str(who(sato, "card")), str(who(sato, "card", with_text=True))

    for personal in (ADDRESS, "hanako@private.jp", NAME, "花子", MOBILE, "+818031415926", "3141"):
        assert personal not in masked_text
    assert "s***@acme.co.jp" in masked_text
    assert "佐…" in masked_text
    assert ADDRESS in text
    assert NAME in text
    assert MOBILE in text


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("sato@acme.co.jp", "s***@acme.co.jp"),
        ('"john smith"@acme.jp', '"***@acme.jp'),
        ("ｓａｔｏ＠ａｃｍｅ．ｊｐ", "ｓ…"),
        ("no address", "n…"),
    ],
)
def test_addresses_are_masked(address: str, expected: str) -> None:
    assert masked_address(address) == expected


@pytest.mark.parametrize(
    "number",
    [
        *(
            "+819012345678",
            "03-1234-5678 内線12",
            "０９０（１２３４）５６７８",
            "03−1234−5678",
            "03‐1234‐5678",
            "03ー1234ー5678",
        ),
        *("03.1234.5678", "415-555-2671", "9012345678", "03-1234-5678内線12", "tel03-1234-5678", "12345"),
    ],
)
def test_numbers_are_masked_however_they_are_written(number: str) -> None:
    shown = masked_phone(number)

    assert len(re.sub(r"\D", "", shown)) <= 5
    assert "…" in shown


@pytest.mark.parametrize("record_id", ["20000001508", "00Q5i0000004271EAA", "1172893.1697512345", "M-17_a"])
def test_ids_of_tools_are_shown(record_id: str) -> None:
    assert masked_id(record_id) == record_id


@pytest.mark.parametrize("record_id", ["佐藤 花子", "Taro Yamada", "sato@acme.co.jp", "090 1234 5678"])
def test_ids_that_name_somebody_are_masked(record_id: str) -> None:
    assert masked_id(record_id) != record_id
    assert masked_key(f"cards|person|{record_id}") == f"cards|person|{masked_id(record_id)}"


def test_keys_are_masked_with_the_names_in_them() -> None:
    assert masked_key("email|sato@acme.co.jp") == "email|s***@acme.co.jp"
    assert masked_key("phone_and_name|+819012345678|佐藤 花子") == "phone_and_name|+81…78|佐…"
    assert masked_key("phone_and_company|+819012345678|アクメ") == "phone_and_company|+81…78|ア…"
    assert masked_key("email_and_name|a|b@acme.jp|佐藤 花子") == "email_and_name|a***@acme.jp|佐…"
    assert masked_key("hubspot|contact|20000001508") == "hubspot|contact|20000001508"


def test_the_value_that_a_link_rests_on_is_masked_by_its_rule() -> None:
    assert masked_evidence("03−1234−5678", "phone_and_name") == "031…78"
    assert masked_evidence("sato@acme.co.jp", "email") == "s***@acme.co.jp"
    assert masked_evidence("20000001508", "tool_id") == "20000001508"
