"""Placeholders among a column's values, by the seed's patterns."""

import pyarrow as pa
import pytest

from identity.normalisation.columns import matching
from tests.identity.normalisation.examples import seed


def patterns(*kinds: str) -> list[str]:
    return [row["pattern"] for row in seed("placeholder_values") if row["kind"] in kinds]


@pytest.mark.parametrize(
    ("kinds", "placeholders", "values"),
    [
        (["any", "name"],
         ["テスト", "ＴＥＳＴ", "test", "不明", "個人", "学生", "（株）", "株式会社", "担当者", "-", " ", "123"],
         ["テスト商事", "佐藤 花子", "Sato Hanako", "個人情報保護協会", "株式会社アクメ", "ABC", "3M"]),
        (["any", "email"],
         ["a@example.com", "test@acme.jp", "@acme.jp", "acme", "NULL"],
         ["a@acme.jp", "testa@acme.jp"]),
    ],
)  # fmt: skip
def test_placeholders(kinds: list[str], placeholders: list[str], values: list[str]) -> None:
    texts = pa.array([*placeholders, *values, None])
    expected = [True] * len(placeholders) + [False] * (len(values) + 1)
    assert matching(texts, patterns(*kinds)).to_pylist() == expected


def test_no_pattern_matches_nothing() -> None:
    assert matching(pa.array(["a", ""]), []).to_pylist() == [False, False]
