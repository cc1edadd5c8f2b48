"""Corporate numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.normalisation.corporate_number import corporate_number
from tests.identity.normalisation.examples import TEXTS, full_width


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        # The National Tax Agency's own number, and its example of a check digit.
        ("7000012050002", "7000012050002"),
        ("8700110005901", "8700110005901"),
        ("T8700110005901", "8700110005901"),
        ("Ｔ８７００１１０００５９０１", "8700110005901"),
        ("8-7001-1000-5901", "8700110005901"),
        (" 8 7001 1000 5901　", "8700110005901"),
        ("8700110005902", None),
        ("700110005901", None),
        ("9000000000000", None),
        ("٨٧٠٠١١٠٠٠٥٩٠١", None),
        ("", None),
    ],
)
def test_number(typed: str, number: str | None) -> None:
    assert corporate_number(typed) == number


@given(st.from_regex(r"[0-9]{11}[1-9]", fullmatch=True))
def test_one_check_digit_fits(base: str) -> None:
    assert sum(corporate_number(f"{digit}{base}") is not None for digit in range(10)) == 1


@given(TEXTS | st.from_regex(r"T?[0-9]{13}", fullmatch=True).filter(str.isascii))
def test_any_text_has_one_form(text: str) -> None:
    number = corporate_number(text)
    assert number is None or corporate_number(number) == number
    assert corporate_number(full_width(text)) == number
