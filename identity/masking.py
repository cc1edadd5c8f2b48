"""Personal data made unreadable, but recognisable to who knows it (s***@acme.co.jp, +81…12, 佐…)."""

from __future__ import annotations

import re
import unicodedata

_ADDRESS = re.compile(r"([^\s|<>,;:@])[^\s|<>,;:@]*@")
_PHONE = re.compile(r"(?<![\w./-])[+0][\d() -]{7,}\d(?!\w)")
_PHONE_HEAD, _PHONE_TAIL = 3, 2

# Identifiers whose last part is a person's name.
_NAMED_KINDS = ("email_and_name", "phone_and_name")


def masked(text: str) -> str:
    """Return text without readable e-mail addresses and telephone numbers; other text stays.

    Full-width characters are folded first, so that no spelling escapes.
    """
    plain = unicodedata.normalize("NFKC", text)
    return _PHONE.sub(_masked_phone, _ADDRESS.sub(r"\1***@", plain))


def masked_name(name: str) -> str:
    """Return the first character of a person's name."""
    return f"{name[:1]}…"


def masked_phone(phone: str) -> str:
    """Return the first and last digits of what stands in a field for a telephone number, however it is written."""
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", phone))
    return f"{digits[:_PHONE_HEAD]}…{digits[-_PHONE_TAIL:]}" if len(digits) > _PHONE_HEAD + _PHONE_TAIL else "…"


def masked_key(key: str) -> str:
    """Return a node of the person graph (record key or identifier) without readable personal data."""
    kind, _, rest = key.partition("|")
    if kind in _NAMED_KINDS:
        value, _, name = rest.rpartition("|")
        return f"{kind}|{masked(value)}|{masked_name(name)}"
    return masked(key)


def _masked_phone(found: re.Match[str]) -> str:
    phone = found.group()
    return f"{phone[:_PHONE_HEAD]}…{phone[-_PHONE_TAIL:]}"
