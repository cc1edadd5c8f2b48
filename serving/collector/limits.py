"""Who is answered, how often and how much: rate limits, sizes, robots."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

from starlette.requests import Request

MOST_BODY_BYTES = 64 << 10
_MOST_CLIENTS = 100_000
_BOTS = Path(__file__).with_name("bots.txt")


class RateLimit:
    """A token bucket for each client, in memory.

    Clients are known by a hash of their address with a salt that is thrown away each day: nothing that is kept leads
    back to an address. A burst may be a minute's worth.
    """

    def __init__(self, per_minute: int, clock: Callable[[], datetime]) -> None:
        self._per_second = per_minute / 60
        self._burst = float(per_minute)
        self._clock = clock
        self._day = clock().date()
        self._salt = secrets.token_bytes(16)
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()  # tokens, and when they were counted

    def seconds_to_wait(self, address: str) -> int:
        """Take a token; return 0, or after how many seconds there will be one."""
        now = self._clock()
        if now.date() != self._day:
            self._day, self._salt = now.date(), secrets.token_bytes(16)
            self._buckets.clear()
        client = hashlib.blake2b(_network(address).encode(), key=self._salt, digest_size=16).digest()
        tokens, counted_at = self._buckets.pop(client, (self._burst, now.timestamp()))
        tokens = min(self._burst, tokens + (now.timestamp() - counted_at) * self._per_second)
        is_allowed = tokens >= 1
        self._buckets[client] = (tokens - is_allowed, now.timestamp())
        if len(self._buckets) > _MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return 0 if is_allowed else math.ceil((1 - tokens) / self._per_second)


@lru_cache(10_000)
def _network(address: str) -> str:
    """Return what stands for one client: of IPv6 the first 64 bits, for a client may choose the others."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address  # noqa: PLR2004


async def body_of(request: Request) -> bytes | None:
    """Return a request's body; None as soon as it is larger than is allowed.

    Raises:
        starlette.requests.ClientDisconnect: the client has gone.
    """
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > MOST_BODY_BYTES:
        return None
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY_BYTES:
            return None
    return bytes(body)


@lru_cache(10_000)  # a site's visitors have few different ones
def is_bot(user_agent: str) -> bool:
    """Return whether a user agent says that it is a program."""
    return bool(_bot_pattern().search(user_agent))


@cache
def _bot_pattern() -> re.Pattern[str]:
    lines = _BOTS.read_text("utf-8").splitlines()
    return re.compile("|".join(line for line in lines if line and not line.startswith("#")), re.IGNORECASE)
