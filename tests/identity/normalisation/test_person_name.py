"""Names of people."""

import pytest
from hypothesis import given

from identity.normalisation.person_name import person_name
from tests.identity.normalisation.examples import TEXTS, full_width


@pytest.mark.parametrize(
    ("names", "key", "script"),
    [
        (["佐藤 花子", "佐藤　花子", "花子 佐藤", "佐藤 花子 様", "佐藤 花子様", "佐藤 花子さん", "佐藤 花子 殿",
          "佐藤 花子（さとう はなこ）"], "佐藤 花子", "kanji"),
        (["佐藤花子", "佐藤花子様", "佐藤花子先生"], "佐藤花子", "kanji"),
        (["サトウ ハナコ", "ｻﾄｳ ﾊﾅｺ", "さとう はなこ", "サトウ・ハナコ", "サトウ ハナコ様"], "サトウ ハナコ", "kana"),
        (["ジョン・スミス", "スミス ジョン"], "ジヨン スミス", "kana"),
        # Bank and card forms know no small kana.
        (["ショウコ", "シヨウコ", "ｼｮｳｺ", "しょうこ"], "シヨウコ", "kana"),
        (["ユーコ", "ユ-コ", "ユ―コ", "ﾕｰｺ"], "ユーコ", "kana"),
        (["SATO Hanako", "Hanako Sato", "Sato, Hanako", "ＳＡＴＯ　ＨＡＮＡＫＯ", "Ms. Hanako Sato", "Hanako Sato-san"],
         "hanako sato", "latin"),
        (["Shin-ichi Abe", "Shin'ichi ABE", "Shinichi Abe"], "abe shinichi", "latin"),
        (["John O'Brien", "O’Brien John", "OBrien, Mr John"], "john obrien", "latin"),
        (["José Müller", "Jose Mu\u0308ller", "MULLER Jose"], "jose muller", "latin"),
        (["Søren Łódź"], "lodz soren", "latin"),
        (["髙橋 一郎", "高橋 一郎"], "一郎 高橋", "kanji"),
        (["渡邉", "渡邊", "渡辺"], "渡辺", "kanji"),
        (["齋藤", "齊藤", "斎藤", "斉藤"], "斉藤", "kanji"),
        (["山﨑", "山崎"], "山崎", "kanji"),
        (["𠮷田", "吉田"], "吉田", "kanji"),
        (["葛\U000e0100城", "葛城"], "葛城", "kanji"),
        (["佐々木 ハナコ"], "ハナコ 佐々木", "kanji"),
        # 殿 ends a family name as well.
        (["鵜殿"], "鵜殿", "kanji"),
        (["様"], "様", "kanji"),
        (["Иван Петров", "Петров Иван"], "иван петров", "other"),
        (["-", "", "・"], None, "other"),
    ],
)  # fmt: skip
def test_name(names: list[str], key: str | None, script: str) -> None:
    assert {person_name(name)[:2] for name in names} == {(key, script)}


@pytest.mark.parametrize(("name", "count"), [("佐藤 花子", 2), ("佐藤花子", 1), ("Mr. John F. Doe", 3), ("", 0)])
def test_words_are_counted_without_honorifics(name: str, count: int) -> None:
    assert person_name(name).token_count == count


def test_different_people_stay_apart() -> None:
    names = [
        "佐藤 花子",
        "佐藤 華子",
        "佐藤 花",
        "伊藤 花子",
        "Sato Hanako",
        "Sato Hana",
        "サトウ ハナ",
        "サトウ ハナコ",
    ]
    assert len({person_name(name).name_key for name in names}) == len(names)


@given(TEXTS)
def test_a_key_is_its_own_key(text: str) -> None:
    key = person_name(text).name_key
    assert key is None or person_name(key).name_key == key


@given(TEXTS.filter(str.isascii))
def test_width_and_case_do_not_count(text: str) -> None:
    assert person_name(full_width(text)) == person_name(text)
    assert person_name(text.upper()) == person_name(text)
