"""The table from accounting rule to test."""

from pathlib import Path

from ops.docs.rules import CHAPTERS, PAGE, page, shown_by_rule, untested

TESTS = Path(__file__).resolve().parents[2]


def test_every_rule_has_a_test_that_bears_its_number() -> None:
    assert untested(shown_by_rule(TESTS)) == []


def test_page_of_rules_is_up_to_date() -> None:
    written = PAGE.read_text(encoding="utf-8")

    assert written == page(shown_by_rule(TESTS)), "run: python -m ops.docs.rules"


def test_rule_that_a_test_names_is_on_the_page() -> None:
    listed = {number for rules in CHAPTERS.values() for number in rules}

    assert set(shown_by_rule(TESTS)) <= listed


def test_test_of_two_rules_shows_both(tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    body = "def test_a4_a28_refund_to_store_credit() -> None: ...\ndef test_something_else() -> None: ...\n"
    (folder / "test_refunds.py").write_text(body)

    shown = shown_by_rule(folder)

    assert {number: [one.sentence for one in tests] for number, tests in shown.items()} == {
        4: ["refund to store credit"],
        28: ["refund to store credit"],
    }
