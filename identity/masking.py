"""Personal data made unreadable, but recognisable to who knows it (s***@acme.co.jp, +81…12, 佐…).

What to mask follows from the field and the kind of key, never from how a value looks: people write in many ways.
"""

from __future__ import annotations

import re
import unicodedata

# Ids that tools make; whatever holds another character may be a name, an address or a number.
_TOOL_ID = re.compile(r"[A-Za-z0-9_-]+(?:\.[0-9]+)?")
_PHONE_HEAD, _PHONE_TAIL = 3, 2


def masked_text(text: str) -> str:
    """Return the first character of a text that may say who somebody is."""
    return f"{text[:1]}…"


def masked_address(address: str) -> str:
    """Return an e-mail address with the first character of its mailbox."""
    mailbox, at, domain = address.rpartition("@")
    return f"{mailbox[:1]}***@{domain}" if at else masked_text(address)


def masked_phone(phone: str) -> str:
    """Return the first characters and last digits of a telephone number, however it is written."""
    plain = re.sub(r"[^+\d]", "", unicodedata.normalize("NFKC", phone))
    return f"{plain[:_PHONE_HEAD]}…{plain[-_PHONE_TAIL:]}" if len(plain) > _PHONE_HEAD + _PHONE_TAIL else "…"


def masked_id(record_id: str) -> str:
    """Return an id as it is where a tool made it; one that may be an address or a name is masked."""
    if _TOOL_ID.fullmatch(record_id):
        return record_id
    return masked_address(record_id)


def masked_evidence(evidence: str, rule: str) -> str:
    """Return the value that a link of the rule rests on without readable personal data."""
    return masked_phone(evidence) if rule.startswith("phone_") else masked_id(evidence)


def masked_key(key: str) -> str:
    """Return a node of the person graph (record key or identifier) without readable personal data."""
    kind, _, rest = key.partition("|")
    if kind == "email":
        return f"email|{masked_address(rest)}"
    if kind == "external_id":
        return f"external_id|{masked_id(rest)}"
    if kind == "email_and_name":
        address, _, name = rest.rpartition("|")
        return f"{kind}|{masked_address(address)}|{masked_text(name)}"
    if kind.startswith("phone_and_"):
        phone, _, name = rest.partition("|")
        return f"{kind}|{masked_phone(phone)}|{masked_text(name)}"
    record_type, _, record_id = rest.partition("|")
    return f"{kind}|{record_type}|{masked_id(record_id)}" if record_id else f"{kind}|{masked_id(rest)}"
