"""Sensitive feature names: whole words, in every style of writing."""

from __future__ import annotations

import pytest

from otel_ml.privacy.names import AFTER, BEFORE, WORDS, NameRules, words
from tests.support.growth import assert_grows_less

RULES = NameRules()


@pytest.mark.parametrize(
    "name",
    [
        *("email", "Email", "EMAIL", "userEmail", "user_email", "user-email", "user.email", "user email", "eMail"),
        *(
            "e-mail",
            "E_Mail_Address",
            "contactEmails",
            "emailAddress",
            "emailaddress2",
            "\uff45\uff4d\uff41\uff49\uff4c",
            "émail",
        ),
        *(
            "ssn",
            "SSN",
            "userSSN",
            "SSNOfUser",
            "ssn_1",
            "phone",
            "phoneNumber",
            "phone_no",
            "telephone",
            "home_address",
        ),
        *("passport", "passport_number", "iban", "IBANCode", "password", "passwd", "old_password", "client_secret"),
        *("token", "access_token", "accessTokens", "api_key", "apiKey", "APIKey", "apikey", "X-Api-Key", "credit_card"),
        *("creditCardNumber", "cardnumber", "card_number", "cvv", "date_of_birth", "dob", "first_name", "lastName"),
        *("ip_address", "client_ip", "mac_addr", "phone_verified_number", "token_type_value", "address_line_1"),
    ],
)
def test_sensitive(name: str) -> None:
    assert RULES.find(name)


@pytest.mark.parametrize(
    "name",
    [
        *("token_count", "tokens_used", "tokens", "max_tokens", "num_tokens", "n_tokens_7d", "avg_token_length"),
        *("carrier_name", "carrier", "name", "origin", "email_count", "emailCount7d", "n_emails", "number_of_emails"),
        *("has_phone", "hasPhone", "user_has_phone", "is_email_verified", "email_verified", "phone_number_valid"),
        *("email_domain", "days_since_address_change", "password_age_days", "password_strength", "email_open_rate"),
        *("emailed", "mailing_list", "phonetic", "tokenized", "secretary", "cardinality", "addressable", "pinball"),
        *("PhoneService", "own_telephone", "Street", "cardholder_age", "email_opened", "address_changed_30d"),
        *("PaymentMethod_Mailed check", "P_emaildomain", "card1", "zip_code", "tailnum", "Ticket", "patient_nbr"),
        *("age", "dep_time", "f0", "", "_", "123", "é", "温度", "x" * 900),
    ],
)
def test_not_sensitive(name: str) -> None:
    assert RULES.find(name) is None


@pytest.mark.parametrize("phrase", " ".join(WORDS.values()).split())
def test_every_listed_word_counts_alone_and_inside_a_name(phrase: str) -> None:
    camel = "".join(word.capitalize() for word in phrase.split("_"))
    assert all(RULES.find(name) for name in (phrase, f"customer_{phrase}", f"customer{camel}", camel.lower()))


def test_counting_words_turn_a_name_into_a_measurement() -> None:
    assert not [word for word in BEFORE.split() if RULES.find(f"{word}_email")]
    assert not [word for word in AFTER.split() if RULES.find(f"email_{word}")]


def test_one_measured_word_does_not_excuse_another() -> None:
    assert RULES.find("token_count_for_customer_with_password") == "password"


def test_extra_words() -> None:
    rules = NameRules(("diagnosis", "patient id"))
    assert all(rules.find(name) for name in ("diagnosis", "mainDiagnosis", "patient_id", "patientId", "patientid"))
    assert rules.find("patient") is None
    assert NameRules(("", "__")).find("x_y") is None


def test_a_name_longer_than_any_column_is_taken_for_data() -> None:
    assert RULES.find("x" * 10_000)


def test_words() -> None:
    assert words("userEMail.SSN2-HTTPServer name") == ("user", "e", "mail", "ssn", "2", "http", "server", "name")


@pytest.mark.parametrize("piece", ["a", "A", "aA", "a_", "email_", "card", "1", "é", "credit_"])
def test_time_grows_no_faster_than_the_name(piece: str) -> None:
    short, long = ((piece * length)[:length] for length in (100, 1_000))
    assert_grows_less(40, lambda: RULES.find(short), lambda: RULES.find(long))  # 10 if linear, 100 if quadratic
