"""Telephone numbers to E.164, the extension kept apart."""

from __future__ import annotations

import re
from functools import partial
from typing import NamedTuple

import phonenumbers
import pyarrow as pa

from identity.normalisation.columns import normalised
from identity.normalisation.text import visible

_EXTENSION = re.compile(r"[(\[]?\s*(?:内線番号|内線|\(内\)|内)\s*[:.)\]]*\s*(?=\d)")
_SWITCHBOARD = re.compile(r"[(\[]?\s*(?:代表|代|直通|携帯|自宅)\s*[)\]]?")
_BRACKET_BEHIND = re.compile(r"(?<=\d)\s*[)\]]\s*$")
# Numbers within Japan as most forms ask for them: to read them takes no parser, which is most of the cost. 010 stands
# before a country code.
_PLAIN_JAPANESE = re.compile(r"0(?!10)([1-9]\d{8,9})", re.ASCII)
_JAPAN = 81
_NO_DIGIT = re.compile("[^0-9]")


class Phone(NamedTuple):
    """A telephone number; E.164 and extension are null where it is not valid."""

    e164: str | None
    extension: str | None
    national_digits: str
    """Digits without country code and leading zeros, valid or not: by them placeholders are told."""


def phone(text: str, region: str = "JP") -> Phone:
    """Return a telephone number in E.164 and its extension.

    Args:
        text: number as typed, in digits of any width, with or without country code and extension (内線, ext., x).
        region: country (ISO 3166-1) whose numbers are typed without country code.
    """
    text = visible(text)
    plain = _PLAIN_JAPANESE.fullmatch(text.replace("-", "")) if region == "JP" else None
    number = phonenumbers.PhoneNumber(_JAPAN, int(plain[1])) if plain else _parsed(text, region)
    if number is None:
        return Phone(None, None, _NO_DIGIT.sub("", text))
    national_digits = str(number.national_number)
    if not phonenumbers.is_valid_number(number):
        return Phone(None, None, national_digits)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164, number.extension, national_digits)


def phones(texts: pa.StringArray, region: str = "JP") -> pa.Table:
    """Return `phone` (as typed), `e164`, `extension` and `national_digits` of each text.

    Args:
        texts: distinct texts without null.
        region: country (ISO 3166-1) whose numbers are typed without country code.
    """
    fields = dict.fromkeys(Phone._fields, pa.string())
    return normalised(texts, "phone", partial(phone, region=region), fields)


def _parsed(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    text = _SWITCHBOARD.sub(" ", text)
    text = _BRACKET_BEHIND.sub("", _EXTENSION.sub(" ext. ", text))
    # 00 is dialled before a country code in most countries, but not in Japan, where 0033 … 0091 choose a carrier: only
    # the region's own code can't be meant otherwise.
    own_code = phonenumbers.country_code_for_region(region)
    text = re.sub(rf"^\s*00{own_code}", f"+{own_code}", text)
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        # Free text in a field for numbers.
        return None
