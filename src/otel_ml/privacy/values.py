"""Which texts look like something personal or secret, whatever the feature is called.

Every search is linear in the length of the text, and the caller bounds the length: hostile input costs no more than
other input. A text in which something is found is masked whole, so that nothing beside it leaks either.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Final

# No pattern below can match a text that this one does not: one quick look spares most texts all the others.
_SUSPICIOUS: Final = re.compile(
    r"@|%40|-----BEGIN|eyJ|AKIA|ASIA|AIza|ya29\.|(?:sk|pk|rk|gh[pousr]|github|glpat|xox[a-z]|npm|pypi|hf|SG)[-_.]"
    r"|[0-9](?:[\s\-\u2010-\u2015]?[0-9]){8}|[A-Za-z]{2}[0-9]{2}[ -]?[A-Za-z0-9]{4}|[A-Za-z0-9+/_=-]{32}"
    r"|(?i:bearer|basic|passw|passphrase|pwd|secret|token|key)"
)
_SHORTEST: Final = 6  # a@b.cd

_EMAIL: Final = re.compile(r"(?<=[^\s@<>,;:()\"])(?:@|%40)[^\W_][\w-]*(?:\.[\w-]+)*\.[^\W\d_]{2,}")
_DIGITS: Final = re.compile(r"[0-9](?:[\s\-\u2010-\u2015]?[0-9]){12,}")
_SSN: Final = re.compile(r"(?<![0-9])(?!000|666)[0-9]{3}([-\s\u2010-\u2015])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?![0-9])")
_IBAN: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}[ -]?[A-Za-z0-9]{4}(?:[ -]?[A-Za-z0-9]){7,26}")
_TOKEN: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:AKIA|ASIA)[A-Z0-9]{16}"
    r"|sk-[A-Za-z0-9_-]{16,}|[spr]k_(?:live|test)_[A-Za-z0-9]{10,}"
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|xox[a-z]-[A-Za-z0-9-]{10,}|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}"
    r"|npm_[A-Za-z0-9]{20,}|pypi-[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{20,}|SG\.[A-Za-z0-9_-]{16,})"
)
_JWT: Final = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{2,}")
_PEM: Final = re.compile(r"-----BEGIN [A-Z]")
_AUTHORIZATION: Final = re.compile(r"(?i)\b(?:bearer|basic)\s{1,4}[A-Za-z0-9._~+/=-]{8,}")
_ASSIGNED: Final = re.compile(
    r"(?i)(?:password|passwd|passphrase|pwd|secret|token|(?:api|access|account|private|secret|shared)[-_ ]?key)"
    r"[\"']?\s{0,4}[=:]\s{0,4}[\"']?[^\s\"',;&]{4}"
)
_URL_LOGIN: Final = re.compile(r"://[^\s/@:]{0,256}:[^\s/@]{1,256}@")
_RUN: Final = re.compile(r"[A-Za-z0-9+/_=-]{32,}")
_HEX: Final = re.compile(r"(?:(?<![A-Za-z0-9])|(?<=0x))[0-9a-fA-F]{32,}(?![A-Za-z0-9])")


def luhn(digits: str) -> bool:
    """Whether the check digit of a card number is right (ISO/IEC 7812-1)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_card(digits: str) -> bool:
    """Whether digits are a payment card's number: an issuer's prefix, its length, and a right check digit."""
    length, two, four = len(digits), int(digits[:2]), int(digits[:4])
    issued = (
        (digits[0] == "4" and length in (13, 16, 19))
        or ((51 <= two <= 55 or 2221 <= four <= 2720 or two == 35) and length == 16)
        or (two in (34, 37) and length == 15)
        or (two in (30, 36, 38, 39) and 14 <= length <= 19)
        or ((digits[0] == "6" or two in (50, 56, 57, 58)) and 16 <= length <= 19)
    )
    return issued and luhn(digits)


def is_iban(text: str) -> bool:
    """Whether the check digits of an IBAN are right (ISO 13616: 1 modulo 97)."""
    moved = (text[4:] + text[:4]).upper()
    return int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1


def _card(text: str) -> bool:
    for run in _DIGITS.finditer(text):
        groups = re.findall("[0-9]+", run[0])  # a number may stand beside others: try what lies between blanks
        for start in range(len(groups)):
            digits = ""
            for group in groups[start : start + 19]:
                digits += group
                if len(digits) > 19:
                    break
                if len(digits) >= 13 and is_card(digits):
                    return True
    return False


def _iban(text: str) -> bool:
    for found in _IBAN.finditer(text):
        groups = re.findall("[A-Za-z0-9]+", found[0])
        joined = ""
        for group in groups:  # words may follow without a sign that the number has ended
            joined += group
            if 15 <= len(joined) <= 34 and is_iban(joined):
                return True
    return False


def _key(text: str) -> bool:
    """A long run of hexadecimal digits, or of letters and digits as mixed as only chance mixes them."""
    if any(not found[0].isdecimal() and not found[0].isalpha() for found in _HEX.finditer(text)):
        return True
    return any(_random(found[0]) for found in _RUN.finditer(text))


def _random(run: str) -> bool:
    """Whether characters are as mixed as in base64.

    There, the kind of character (digit, lower case, upper case) changes .65 times a character (in camelCase about .3),
    and one in 32 is punctuation (in snake_case about one in six).
    """
    kinds = ["0" if c.isdecimal() else "a" if c.islower() else "A" for c in run.rstrip("=") if c.isalnum()]
    changes = sum(left != right for left, right in pairwise(kinds))
    return len(set(kinds)) == 3 and changes >= 0.38 * len(kinds) and len(kinds) >= 0.86 * len(run.rstrip("="))


PATTERNS: Final[dict[str, tuple[str, Callable[[str], object]]]] = {
    "email": ("an e-mail address", _EMAIL.search),
    "card": ("a payment card number, with or without blanks or dashes, whose prefix and check digit are right", _card),
    "iban": ("an IBAN whose check digits are right", _iban),
    "ssn": ("a US social security number with dashes or blanks", _SSN.search),
    "token": (
        "a key with a well-known prefix (`AKIA…`, `sk-…`, `ghp_…`, `glpat-…`, `xoxb-…`, `AIza…`, …)",
        _TOKEN.search,
    ),
    "jwt": ("a JSON web token", _JWT.search),
    "pem": ("a PEM header, as of a private key", _PEM.search),
    "authorization": ("`Bearer …` or `Basic …` credentials", _AUTHORIZATION.search),
    "assigned": ("`password=…`, `token: …`, `api_key=…` and the like", _ASSIGNED.search),
    "url_login": ("a URL with a password", _URL_LOGIN.search),
    "key": ("32 or more hexadecimal digits, or 32 or more characters of base64 that look random", _key),
}


def find(text: str) -> str | None:
    """The name of the first pattern that a text holds. The caller bounds the text's length."""
    if len(text) < _SHORTEST or _SUSPICIOUS.search(text) is None:
        return None
    return next((name for name, (_, holds) in PATTERNS.items() if holds(text)), None)
