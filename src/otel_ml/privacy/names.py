"""Which feature names say that the value is personal or secret, by whole words.

`email`, `userEmail` and `e-mail address` do; `token_count`, `has_phone` and `carrier_name` do not: a counting word
makes a name that of a measurement, and part of a word is no word.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

# A phrase of several words also counts when written as one: `cardnumber`.
WORDS: Final = {
    "contact": "email emails email_address mail mails phone phones telephone fax address addresses street_name mac_addr "
    "ip_address ip_addr client_ip remote_ip source_ip user_ip phone_number mobile_number cell_number",
    "identity": "ssn passport passports national_id tax_id social_security aadhaar cpf mrn medical_record "
    "driver_license drivers_license driver_licence drivers_licence license_plate licence_plate license_number "
    "licence_number first_name last_name middle_name given_name family_name maiden_name full_name surname username "
    "user_name customer_name client_name patient_name employee_name passenger_name contact_name dob date_of_birth "
    "birth_date birthdate birthday",
    "money": "iban ibans cvv cvc credit_card debit_card card_number card_num card_no cardholder card_holder "
    "account_number account_num account_no acct_number bank_account routing_number sort_code",
    "access": "password passwords passwd pwd passphrase passcode pin_code pin_number otp secret secrets token "
    "auth_tokens access_tokens refresh_tokens api_key api_keys access_key private_key session_key ssh_key "
    "encryption_key credential credentials authorization bearer jwt cookie cookies",
}

# Words that make the name that of a measurement or a flag: before the sensitive word, or after it.
BEFORE: Final = (
    "is has had was n nb num count total sum avg mean median min max share ratio own owns since "
    "hours days weeks months years"
)
AFTER: Final = (
    "count counts cnt len length size total sum avg mean median min max std ratio rate share pct percent percentage "
    "freq frequency entropy score strength age hours days weeks months years flag valid verified confirmed missing "
    "present used type kind provider domain brand country service services device calls minutes usage open opened click "
    "clicked sent received bounced subscribed enabled consent match matched mismatch change changes changed"
)
_BEFORE: Final = frozenset(BEFORE.split())
_AFTER: Final = frozenset(AFTER.split())
# Words after which it is the thing itself again: `phone_verified_number`.
_ITSELF: Final = frozenset(("number", "num", "no", "value", "raw", "text", "string", "id", "name", "address", "addr"))
_WINDOWS: Final = frozenset(("s", "sec", "m", "min", "h", "hr", "d", "day", "w", "week", "month", "y", "year"))

LIMIT: Final = 1024  # characters: no column's name is longer, so that a longer one is taken for data
_WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^\W\d_A-Za-z]+")


def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case: of camelCase, snake_case, kebab-case, dots and blanks.

    Example:
        >>> words("userEMail.SSN2")
        ('user', 'e', 'mail', 'ssn', '2')
    """
    if not name.isascii():  # full-width letters and accents are written in place of plain ones
        name = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return tuple(word.lower() for word in _WORD.findall(name))


class NameRules:
    """Tells sensitive names.

    Args:
        extra: More words or phrases; the words of a phrase may be joined in any style.
    """

    def __init__(self, extra: Iterable[str] = ()) -> None:
        self._phrases: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
        for phrase in (*" ".join(WORDS.values()).split(), *extra):
            split = words(phrase)
            for variant in (split, ("".join(split),)):
                if variant and variant != ("",):
                    self._phrases[variant[0]].add(variant)

    def find(self, name: str) -> str | None:
        """The sensitive word or phrase in a name, unless a counting word makes the name that of a measurement."""
        if len(name) > LIMIT:
            return "over-long"
        split = words(name)
        for start, word in enumerate(split):
            for phrase in self._phrases.get(word, ()):
                end = start + len(phrase)
                if split[start:end] == phrase and not _measured(split, start, end):
                    return "_".join(phrase)
        return None


def _measured(split: tuple[str, ...], start: int, end: int) -> bool:
    """Whether words beside the phrase `split[start:end]` make the name a count, a rate or a flag."""
    if start > 0 and (split[0] in _BEFORE or split[start - 1] in _BEFORE or split[:start][-2:] == ("number", "of")):
        return True
    rest = list(split[end:])
    if rest and rest[-1] in _AFTER:
        return True
    while rest and (rest[-1].isdecimal() or rest[-1] in _WINDOWS):  # `email_count_7d`
        rest.pop()
    return bool(rest) and rest[-1] not in _ITSELF and (rest[0] in _AFTER or rest[-1] in _AFTER)
