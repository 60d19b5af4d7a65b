"""Prediction ids."""

from __future__ import annotations

import re
import time

from otel_ml.entropy import random_bytes
from otel_ml.privacy.values import find

_VALID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~+/=@-]{0,127}\Z")


def new_prediction_id() -> str:
    """A UUIDv7 (RFC 9562): sortable by time, random from the operating system.

    Never from `random`: ML programs seed it, and seeded workers would repeat each other's ids.

    >>> len(new_prediction_id()), new_prediction_id()[14]
    (36, '7')
    """
    milliseconds = time.time_ns() // 1_000_000
    bits = int.from_bytes(random_bytes()[:10], "big")
    # 48 bits of time, version 7, 12 random bits, variant 10, 62 random bits
    value = (
        (milliseconds & 0xFFFF_FFFF_FFFF) << 80
        | 0x7 << 76
        | (bits >> 62 & 0xFFF) << 64
        | 0x2 << 62
        | bits & (1 << 62) - 1
    )
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def valid_prediction_id(value: object) -> str | None:
    """A caller's own id if it is fit to be one, else None.

    At most 128 characters, of letters, digits and ``._:~+/=@-``: it goes into headers, URLs and queries. And none that
    looks like an e-mail address, a card number or a key with a well-known prefix: it goes onto every signal.

    >>> valid_prediction_id("order-17"), valid_prediction_id("a\\nb"), valid_prediction_id("")
    ('order-17', None, None)
    """
    # 32 hexadecimal digits, which may be a key as well, are what many ids look like
    if isinstance(value, str) and _VALID.match(value) and find(value) in (None, "key"):
        return value
    return None
