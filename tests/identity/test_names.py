"""Names as people type them: without a space, as a family name alone, in another script."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.identity.company import Company

pytestmark = pytest.mark.xdist_group("identity")

MOBILE = "090-8765-4321"
UNSPACED_NAMES = ("佐藤花子", "鈴木一郎", "高橋美咲", "田中健太", "伊藤陽子", "渡辺翔", "山本愛", "中村大輔")


def test_a_name_with_and_without_space_is_one_name(company: Company) -> None:
    card = company.person("P1", phone=MOBILE, name="佐藤花子", company="株式会社アクメ")
    private = company.person("P2", phone=MOBILE, name="佐藤 花子", email="hanako@gmail.com")

    assert company.night().are_one(card, private)


@pytest.mark.parametrize(
    ("former_name", "holder_name"),
    [("佐藤花子", "鈴木一郎"), ("佐藤 花子", "鈴木一郎"), ("佐藤花子", "鈴木 一郎"), ("佐藤", "鈴木")],
)
def test_recycled_mobile_of_a_company(company: Company, former_name: str, holder_name: str) -> None:
    former = company.person("P1", phone=MOBILE, name=former_name, company="株式会社アクメ")
    company.night()
    holder = company.person("P2", phone=MOBILE, name=holder_name, company="㈱アクメ")

    assert company.night().are_apart(former, holder)


def test_unlisted_mailbox_of_many_unspaced_names(company: Company) -> None:
    people = [
        company.person(f"P{number}", email="kanto2@acme.co.jp", name=name) for number, name in enumerate(UNSPACED_NAMES)
    ]

    night = company.night()

    assert night.are_apart(*people)
    assert all(any("mailbox of many names" in reason for reason in night.refusals(person)) for person in people)


@pytest.mark.parametrize(
    ("former_name", "successor_name"), [("佐藤花子", "鈴木一郎"), ("佐藤 花子", "鈴木一郎"), ("佐藤花子", "鈴木 一郎")]
)
def test_address_passed_on_to_a_successor_without_a_space(
    company: Company, former_name: str, successor_name: str
) -> None:
    former = company.person("P1", email="kanto-eigyo1@acme.co.jp", name=former_name)
    before = company.night()
    company.now += timedelta(days=200)
    successor = company.person("P2", email="kanto-eigyo1@acme.co.jp", name=successor_name)
    successor_card = company.person("P3", email="kanto-eigyo1@acme.co.jp", name=successor_name)

    night = company.night()

    assert night.are_apart(former, successor)
    assert night.are_one(successor, successor_card)
    assert night.person_of[former] == before.person_of[former]


def test_maiden_and_married_name_without_a_space(company: Company) -> None:
    # The given name stays: this is one person, not a successor.
    maiden = company.person("P1", email="hanako@acme.co.jp", name="佐藤 花子")
    married = company.person("P2", email="hanako@acme.co.jp", name="鈴木花子")

    assert company.night().are_one(maiden, married)


def test_latin_name_in_a_mailbox_that_was_passed_on(company: Company) -> None:
    # Ichiro Suzuki is 鈴木 一郎, to a reader; that 佐藤 花子 is not, no rule can tell.
    former = company.person("P1", email="kanto-eigyo1@acme.co.jp", name="佐藤 花子")
    company.night()
    successor = company.person("P2", email="kanto-eigyo1@acme.co.jp", name="鈴木 一郎")
    company.night()
    latin = company.person("P3", email="kanto-eigyo1@acme.co.jp", name="Ichiro Suzuki")

    night = company.night()

    assert night.are_apart(former, successor, latin)
    assert night.refusals(latin)
    assert company.full_run(night.as_of) == night


def test_latin_name_in_a_mailbox_of_one_holder(company: Company) -> None:
    card = company.person("P1", email="sato@acme.co.jp", name="佐藤 花子")
    latin = company.person("P2", email="sato@acme.co.jp", name="Hanako Sato")

    assert company.night().are_one(card, latin)
