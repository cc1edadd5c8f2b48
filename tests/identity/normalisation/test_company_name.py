"""Names of companies."""

from collections import Counter

import pytest
from hypothesis import given

from identity.normalisation.company_name import CompanyName, company_name
from identity.normalisation.text import folded_name
from tests.identity.normalisation.examples import LEGAL_FORMS, TEXTS, full_width, seed


def named(text: str) -> CompanyName:
    return company_name(text, LEGAL_FORMS)


@pytest.mark.parametrize(
    ("names", "key", "form"),
    [
        (
            ["株式会社アクメ", "アクメ株式会社", "株式会社　アクメ", "(株)アクメ", "アクメ（株）", "㈱アクメ",
             "㍿アクメ", "ｱｸﾒ(株)", "カ)アクメ", "アクメ（カ", "アクメ(カ)", "アクメ K.K.", "アクメ株式会社 東京支店",
             "アクメ株式会社東京支店", "アクメ株式会社 本社", "アクメ（株）第一営業所"],
            "アクメ", "株式会社",
        ),
        (["有限会社みどり", "みどり(有)", "㈲みどり", "ユ）みどり"], "みどり", "有限会社"),
        (["合同会社みどり", "みどり(同)", "みどり G.K.", "みどり GK"], "みどり", "合同会社"),
        (["一般社団法人みどり会", "みどり会(一社)"], "みどり会", "一般社団法人"),
        (["医療法人社団みどり会", "みどり会（医）", "イ）みどり会"], "みどり会", "医療法人"),
        (["NPO法人みどり", "特定非営利活動法人 みどり", "ＮＰＯ法人みどり"], "みどり", "特定非営利活動法人"),
        (["Acme Co., Ltd.", "ACME CO.,LTD", "Ａｃｍｅ　Ｃｏ．，Ｌｔｄ．", "Acme Company Limited"], "acme", "Co., Ltd."),
        (["Acme Inc.", "Acme, Inc", "ACME INCORPORATED"], "acme", "Inc."),
        (["Acme K.K.", "K.K. Acme", "Acme Kabushiki Kaisha"], "acme", "株式会社"),
        (["Acme GmbH & Co. KG", "ACME GmbH & Co KG"], "acme", "GmbH & Co. KG"),
        (["Société Générale S.A.", "SOCIETE GENERALE SA"], "societegenerale", "S.A."),
        (["Acme Pty Ltd", "Acme Pty. Ltd."], "acme", "Pty. Ltd."),
        (["Acme A/S"], "acme", "A/S"),
        (["Acme B.V.", "Acme BV"], "acme", "B.V."),
        (["ООО Ромашка"], "ромашка", "OOO"),
        (["Procter & Gamble", "Procter ＆ Gamble", "Procter and Gamble"], "procterandgamble", None),
        (["キヤノン", "キャノン", "ｷｬﾉﾝ"], "キヤノン", None),
        (["サーバー", "サーバ"], "サーバ", None),
        (["アサヒビール", "アサヒビ―ル", "アサヒビ－ル", "ｱｻﾋﾋﾞｰﾙ"], "アサヒビール", None),
        (["髙島屋", "高島屋"], "高島屋", None),
        (["渡邉商事", "渡邊商事", "渡辺商事", "渡辺 商事"], "渡辺商事", None),
        (["日本・アクメ", "日本 アクメ"], "日本アクメ", None),
        # What only looks like a form or a branch.
        (["株式会社日本社"], "日本社", "株式会社"),
        (["東京支店"], "東京支店", None),
        (["東京SE"], "東京se", None),
        (["Cisco"], "cisco", None),
        (["The Limited"], "the", "Ltd."),
        (["Кооорд"], "кооорд", None),
        (["株式会社"], "株式会社", None),
        (["・", "", "?"], None, None),
    ],
)  # fmt: skip
def test_company(names: list[str], key: str | None, form: str | None) -> None:
    assert {named(name) for name in names} == {(key, form)}


def test_different_companies_stay_apart() -> None:
    names = [
        "アクメ",
        "アクメホールディングス",
        "アクメ商事",
        "アサヒビール",
        "アサヒビル",
        "Acme Group",
        "Acme",
        "Acme Holdings Inc.",
    ]
    assert len({named(name).company_key for name in names}) == len(names)


@pytest.mark.parametrize("row", seed("legal_forms"), ids=lambda row: row["written"])
def test_every_form_of_the_list_is_found(row: dict[str, str]) -> None:
    before, after = f"{row['written']} みどり", f"みどり {row['written']}"
    for text in {"before": [before], "after": [after], "either": [before, after]}[row["position"]]:
        assert named(text) == ("みどり", row["legal_form"])


def test_no_form_stands_twice_in_the_list() -> None:
    folded = Counter(folded_name(row["written"]) for row in seed("legal_forms"))
    assert [form for form, count in folded.items() if count > 1] == []


@given(TEXTS)
def test_a_key_is_its_own_key(text: str) -> None:
    key = named(text).company_key
    assert key is None or named(key).company_key == key


@given(TEXTS.filter(str.isascii))
def test_width_and_case_do_not_count(text: str) -> None:
    assert named(full_width(text)) == named(text)
    assert named(text.upper()) == named(text)
