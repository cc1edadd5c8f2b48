"""Host and registrable domain of what stands in a field for a domain: a host, a URL or an e-mail address."""

from __future__ import annotations

import re
from functools import lru_cache

from publicsuffixlist import PublicSuffixList

from identity.normalisation.text import visible

_URL = re.compile(r"^[a-z][a-z0-9+.-]*://([^/?#]*)")
_AFTER_HOST = re.compile(r"[/?#:\s].*$", re.DOTALL)
# The list that the package ships; nothing is fetched.
_SUFFIXES = PublicSuffixList()


def host(text: str) -> str | None:
    """Return the host in lower-case ASCII (names in other scripts as `xn--…`), null where there is none.

    Args:
        text: a host, URL, or e-mail address, as typed.
    """
    # What stands for the dot in names typed on a Japanese keyboard (UTS 46); NFKC folds the full-width dot.
    text = visible(text).strip().lower().replace("。", ".")
    url = _URL.match(text)
    name = url.group(1) if url else text
    name = _AFTER_HOST.sub("", name.rpartition("@")[2]).strip(".")
    return _as_ascii(name) or None


# Addresses share domains.
@lru_cache(maxsize=100_000)
def registrable_domain(name: str | None) -> str | None:
    """Return the domain as its owner registered it (`example.co.jp`), null where there is none.

    Args:
        name: a host as `host` returns it.
    """
    # The last label of an address by number (192.0.2.1) is no top-level domain.
    if name is None or name[name.rfind(".") + 1 :].isdigit():
        return None
    registrable: str | None = _SUFFIXES.privatesuffix(name)
    return registrable


def _as_ascii(name: str) -> str:
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        # No name that could be registered; it still tells two typed domains apart.
        return name
