"""Settings as TOML: what is written is read back the same, explained, and mistakes are for the model to say."""

from datetime import date
from decimal import Decimal

import pytest

from ops.configuring.describe import described, differences, shown
from ops.configuring.toml_file import TomlRefused, read, written
from schemas.connection import ConnectionSettings

FULL = ConnectionSettings.model_validate(
    {
        "document": "invoice",
        "start_date": "2026-01-31",
        "statuses": ["completed", "processing"],
        "accounts": {"deposit": "4", "clearing": {"stripe": "7", "pay pal": "8"}},
        "items": {"tip": "12"},
        "taxes": {'GST "5 %"': "12", "a.b=c": "3", "TVA à 20 %": "9"},
        "rounding_limit": "0.10",
    }
)


@pytest.mark.parametrize("settings", [ConnectionSettings(), FULL], ids=["defaults", "full"])
def test_what_is_exported_is_imported_to_the_digit(settings: ConnectionSettings) -> None:
    read_back = ConnectionSettings.model_validate(read(written("acme-woo", 3, settings)))

    assert read_back == settings


def test_every_setting_stands_in_the_export_with_what_it_does() -> None:
    text = written("acme-woo", 3, FULL)

    joined = text.replace("\n# ", " ")
    for one in described(FULL):
        assert one.text in joined, one.path
        assert one.path.rpartition(".")[2] in text, one.path
    assert "# One of: sales_receipt, invoice\n# Default: sales_receipt" in text
    assert "start_date = 2026-01-31" in text


def test_amounts_and_days_may_be_written_without_quotes() -> None:
    values = read("rounding_limit = 0.1\nstart_date = 2026-02-03\n")

    settings = ConnectionSettings.model_validate(values)
    assert (settings.rounding_limit, settings.start_date) == (Decimal("0.1"), date(2026, 2, 3))


def test_what_is_no_toml_is_one_sentence() -> None:
    with pytest.raises(TomlRefused, match=r"The file is no TOML: .*line 1"):
        read("document = invoice")


def test_every_setting_has_a_text_of_its_own() -> None:
    texts = [one.text for one in described(ConnectionSettings())]

    assert all(texts)
    assert len(set(texts)) == len(texts)


def test_differences_name_each_key_of_a_map() -> None:
    before = {"taxes": {"GST": "1", "PST": "2"}, "document": "invoice"}
    after = {"taxes": {"GST": "3", "HST": "4"}, "document": "invoice"}

    assert differences(before, after) == [
        ("taxes.GST", "1", "3"),
        ("taxes.PST", "2", None),
        ("taxes.HST", None, "4"),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("", "-"),
        ([], "-"),
        ({}, "-"),
        (True, "true"),
        (["a", "b"], "a, b"),
        ({"GST": "1"}, "GST = 1"),
    ],
)
def test_values_are_shown_as_a_person_reads_them(value: object, text: str) -> None:
    assert shown(value) == text
