"""Signatures of webhooks: HMAC-SHA256 over time stamp and body."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

REPLAY_SECONDS = 300
_VERSION = "v1="


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the value of X-Leadmill-Signature.

    Args:
        secret: shared by sender and receiver.
        timestamp: the value of X-Leadmill-Timestamp, Unix seconds.
        body: the request's body, byte for byte.
    """
    return _VERSION + hmac.digest(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hex()


def is_signed(secrets: Iterable[str], timestamp: str, given: str, body: bytes, now: float) -> bool:
    """Return whether a body was signed with one of the secrets at most five minutes from `now` (Unix seconds).

    Every secret is tried and compared in constant time, so that the answer's delay tells nothing of them.
    """
    try:
        is_fresh = abs(now - int(timestamp)) <= REPLAY_SECONDS
    except ValueError:
        is_fresh = False
    matches = [
        hmac.compare_digest(signature(secret, timestamp, body).encode(), given.encode("utf-8", "replace"))
        for secret in secrets
    ]
    return is_fresh and any(matches)
