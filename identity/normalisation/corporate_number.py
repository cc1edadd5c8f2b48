"""Japan's corporate numbers (法人番号): 13 digits, the first of which checks the others."""

from __future__ import annotations

import re

import pyarrow as pa

from identity.normalisation.columns import normalised
from identity.normalisation.text import visible

# A company's registration number as an issuer of invoices (適格請求書発行事業者) is T and its corporate number.
_NUMBER = re.compile(r"T?(\d)(\d{12})", re.ASCII | re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s‐‑‒–—―−ー-]+")


def corporate_number(text: str) -> str | None:
    """Return the 13 digits of a corporate number, null where the check digit is wrong or it is none.

    Args:
        text: number as typed; width, separators and the T of an invoice number do not matter.
    """
    number = _NUMBER.fullmatch(_SEPARATORS.sub("", visible(text)))
    if number is None:
        return None
    check_digit, base = number.groups()
    # Zeros have a check digit too, and stand for 'not known'.
    if int(base) == 0 or int(check_digit) != _check_digit(base):
        return None
    return check_digit + base


def corporate_numbers(texts: pa.StringArray) -> pa.Table:
    """Return `corporate_number` (as typed) and `valid_number` of each text.

    Args:
        texts: distinct texts without null.
    """
    return normalised(texts, "corporate_number", lambda text: (corporate_number(text),), {"valid_number": pa.string()})


def _check_digit(base: str) -> int:
    # Ordinance of the Ministry of Finance No. 70 of 2014, article 2: 9 − (Σ Pn × Qn mod 9), Pn the n-th digit from the
    # right, Qn 1 for odd n and 2 for even n.
    return 9 - sum(int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(base))) % 9
