"""Telephone numbers."""

import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from identity.normalisation.columns import matching
from identity.normalisation.phone import phone, phones
from tests.identity.normalisation.examples import TEXTS, full_width, seed


@pytest.mark.parametrize(
    ("typed", "e164", "extension"),
    [
        ("03-3123-4567", "+81331234567", None),
        ("0331234567", "+81331234567", None),
        ("０３（３１２３）４５６７", "+81331234567", None),
        ("03ー3123―4567", "+81331234567", None),
        ("03.3123.4567", "+81331234567", None),
        ("+81 3-3123-4567", "+81331234567", None),
        ("+81 (0)3-3123-4567", "+81331234567", None),
        ("81-3-3123-4567", "+81331234567", None),
        ("0081-3-3123-4567", "+81331234567", None),
        # A spreadsheet took the leading zero.
        ("331234567", "+81331234567", None),
        ("9031234567", "+819031234567", None),
        ("TEL：03-3123-4567", "+81331234567", None),
        ("tel:+81-3-3123-4567", "+81331234567", None),
        ("03-3123-4567（代表）", "+81331234567", None),
        ("03-3123-4567 内線123", "+81331234567", "123"),
        ("03-3123-4567（内線：123）", "+81331234567", "123"),
        ("03-3123-4567(内)123", "+81331234567", "123"),
        ("03-3123-4567（代） 内線 5", "+81331234567", "5"),
        ("03-3123-4567 ext. 123", "+81331234567", "123"),
        ("03-3123-4567x123", "+81331234567", "123"),
        ("03-3123-4567 #９", "+81331234567", "9"),
        ("050-3123-4567", "+815031234567", None),
        ("0120-123-456", "+81120123456", None),
        ("+1 (212) 555-2368", "+12125552368", None),
        ("+49 30/123456", "+4930123456", None),
        # 0033 chooses a carrier in Japan, and is no country code.
        ("0033-3-3123-4567", None, None),
        ("03-0000-0000", None, None),
        ("110", None, None),
        ("内線123", None, None),
        ("なし", None, None),
        ("", None, None),
    ],
)
def test_phone(typed: str, e164: str | None, extension: str | None) -> None:
    assert phone(typed)[:2] == (e164, extension)


def test_numbers_without_country_code_are_of_the_region() -> None:
    assert phone("(212) 555-2368", region="US").e164 == "+12125552368"
    assert phone("0033 1 23 45 67 89", region="FR").e164 == "+33123456789"


@given(st.from_regex(r"0[1-9][0-9]{0,3}-?[0-9]{1,4}-?[0-9]{4,5}", fullmatch=True))
@example("010-212-5552368")
def test_plain_numbers_are_read_as_the_parser_reads_them(text: str) -> None:
    try:
        number = phonenumbers.parse(text, "JP")
    except phonenumbers.NumberParseException:
        number = None
    found = phone(text)
    if number is None or not phonenumbers.is_valid_number(number):
        assert found.e164 is None
    else:
        assert found.e164 == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert number is None or found.national_digits == str(number.national_number)


@given(TEXTS)
def test_a_number_stays_what_it_is(text: str) -> None:
    found = phone(text)
    if found.e164 is not None:
        assert phone(found.e164).e164 == found.e164


@given(TEXTS.filter(str.isascii))
def test_width_does_not_count(text: str) -> None:
    assert phone(full_width(text)) == phone(text)


@pytest.mark.parametrize(
    ("typed", "is_placeholder"),
    [
        *((text, True) for text in ("000-0000-0000", "03-0000-0000", "０９０-００００-００００", "0120-000-000")),
        *((text, True) for text in ("9999999999", "090-1111-1111", "1234567890", "03-1234-5678", "+81 90-1234-5678")),
        *((text, True) for text in ("なし", "-")),
        *((text, False) for text in ("03-3123-4567", "090-8765-1234", "0120-123-456", "03-1111-2222", "+12125552368")),
    ],
)  # fmt: skip
def test_placeholders(typed: str, is_placeholder: bool) -> None:
    patterns = [row["pattern"] for row in seed("placeholder_values") if row["kind"] == "phone"]
    digits = pa.array([phone(typed).national_digits])
    assert matching(digits, patterns).to_pylist() == [is_placeholder]


def test_array_is_the_function_of_each_text() -> None:
    texts = ["03-3123-4567 内線1", "なし"]
    rows = phones(pa.array(texts)).to_pylist()
    assert [tuple(row.values()) for row in rows] == [(text, *phone(text)) for text in texts]
