"""E-mail addresses to one form. What a provider ignores of an address is said in int_identity__emails."""

from __future__ import annotations

import re
from typing import NamedTuple

import pyarrow as pa

from identity.normalisation.columns import normalised
from identity.normalisation.domain import host, registrable_domain
from identity.normalisation.text import stable, visible

_IN_BRACKETS = re.compile(r"<([^<>]*@[^<>]*)>")
_SPACE_AROUND_AT = re.compile(r"\s*@\s*")
# What lists and spreadsheets leave around an address.
_FURNITURE = " \t\r\n\f\v'<>,;、"


class Address(NamedTuple):
    """An e-mail address, or a host where the text is none; its domain as typed and as registered."""

    folded_address: str
    domain: str | None
    registrable_domain: str | None


def address(text: str) -> Address:
    """Return an address in one form: NFKC, lower case, without display name, `mailto:`, quotes and space.

    Tags and dots stay: which provider ignores them is said in SQL.

    Args:
        text: an e-mail address, host or URL, as typed.
    """
    folded = stable(_step, text)
    domain = host(folded)
    is_address = "@" in folded and "://" not in folded
    # The domain in one form: `日本語.jp` and its `xn--…` are one mailbox's.
    mailbox = folded.rpartition("@")[0] + "@" if is_address else ""
    return Address(mailbox + (domain or ""), domain, registrable_domain(domain))


def addresses(texts: pa.StringArray) -> pa.Table:
    """Return `address` (as typed), `folded_address`, `domain` and `registrable_domain` of each text.

    Args:
        texts: distinct texts without null.
    """
    fields = dict.fromkeys(Address._fields, pa.string())
    return normalised(texts, "address", address, fields)


def _step(text: str) -> str:
    text = visible(text).lower()
    if bracketed := _IN_BRACKETS.search(text):
        text = bracketed.group(1)
    text = text.strip(_FURNITURE).replace('"', "")
    if text.startswith("mailto:"):
        text = text.removeprefix("mailto:").partition("?")[0]
    return _SPACE_AROUND_AT.sub("@", text)
