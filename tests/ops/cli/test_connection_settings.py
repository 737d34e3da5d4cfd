"""Settings as a person keeps them: explained, exported, imported, with their history and the way back."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from ops.cli.main import cli
from ops.connections import change_settings
from ops.migrations.migrate import upgrade
from ops.settings import Settings
from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.mappings import Remembered, recall_mappings, store_mappings
from workers.steps import StoreKey, SyncMapping

KEY = "A" * 43 + "="
SECRET = "MARKED-secret-of-the-store"
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MUG = StoreKey("product", "77")
Run = Callable[..., Result]


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    engine = open_ledger(sqlite_url)
    upgrade(engine)
    engine.dispose()
    return Settings(database_url=sqlite_url, secret_key=SecretStr(KEY))


@pytest.fixture
def run(settings: Settings) -> Run:
    def invoke(*words: str, answer: str | None = None) -> Result:
        result = CliRunner().invoke(cli, ["connections", *words], obj=settings, input=answer)
        assert "MARKED" not in result.output, "a secret is printed"
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    done = invoke("add", "acme-woo", "--platform", "woocommerce", "--webhook-secret", SECRET)
    assert done.exit_code == 0, done.output
    return invoke


def shown(run: Run) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(run("show", "acme-woo", "--json").stdout)
    return facts


def test_explain_shows_value_default_and_choices_out_of_the_model(run: Run) -> None:
    run("set", "acme-woo", "document=invoice")

    text = run("show", "acme-woo", "--explain").output
    facts = json.loads(run("show", "acme-woo", "--explain", "--json").stdout)

    assert "What a paid order becomes" in text
    assert "One of: sales_receipt, invoice" in text
    assert "Default: sales_receipt" in text
    assert facts["defaults"]["document"] == "sales_receipt"
    assert facts["allowed"]["customers"] == ["per_email", "per_store"]


def test_export_holds_settings_and_no_secret_and_comes_back_by_import(run: Run, tmp_path: Path) -> None:
    run("set", "acme-woo", 'taxes."GST 5%"=12', "document=invoice")
    file = tmp_path / "acme.toml"

    exported = run("export", "acme-woo", str(file))
    on_screen = run("export", "acme-woo", "-")
    run("set", "acme-woo", 'taxes."GST 5%"=', "document=sales_receipt")
    imported = run("import", "acme-woo", str(file))

    assert exported.exit_code == 0, exported.output
    assert "MARKED" not in file.read_text() and "secret" not in file.read_text()
    assert on_screen.output == file.read_text()
    assert "document: sales_receipt → invoice" in imported.output
    assert "taxes.GST 5%: - → 12" in imported.output
    settings = shown(run)["settings"]
    assert (settings["taxes"], settings["document"]) == ({"GST 5%": "12"}, "invoice")


def test_every_mistake_in_a_file_is_a_sentence_that_names_its_key_and_nothing_changes(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(
        'document = "bill"\nnumber_prefix = "W-"\ncustomer = "per_email"\n[accounts]\ndeposits = "4"\n'
        '[taxes]\n"GST 5%" = "no such id"\n'
    )
    before = shown(run)

    result = run("import", "acme-woo", str(file))

    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert len(lines) == 4, result.output
    assert "document: Input should be 'sales_receipt' or 'invoice'." in lines[0]
    assert any('There is no setting "customer". Did you mean "customers"?' in line for line in lines)
    assert any('There is no setting "accounts.deposits".' in line for line in lines)
    assert any(line.startswith("taxes.GST 5%: ") for line in lines)
    assert shown(run) == before


@pytest.mark.parametrize(
    ("words", "text", "code", "says"),
    [
        (["import", "acme-woo", "-"], "taxes = [", 1, "The file is no TOML"),
        (["import", "nobody", "-"], "", 1, 'There is no connection "nobody".'),
        (["import", "acme-woo", "/nowhere/at/all.toml"], "", 2, "No such file"),
        (["export", "nobody"], "", 1, 'There is no connection "nobody".'),
        (["export", "acme-woo", "/nowhere/at/all.toml"], "", 1, "Cannot write /nowhere/at/all.toml"),
        (["history", "nobody"], "", 1, 'There is no connection "nobody".'),
        (["undo", "acme-woo"], "", 1, "were never changed"),
        (["undo", "nobody"], "", 1, 'There is no connection "nobody".'),
        (["undo", "acme-woo", "zero"], "", 2, "is not a valid integer"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_words_and_files_get_one_sentence(
    run: Run, words: list[str], text: str, code: int, says: str
) -> None:
    result = run(*words, answer=text)

    assert (result.exit_code, says in result.output) == (code, True), result.output
    assert shown(run)["settings_version"] == 1


def test_import_dry_run_shows_what_would_change_and_changes_nothing(run: Run) -> None:
    result = run("import", "acme-woo", "-", "--dry-run", answer='number_prefix = "W-"')

    assert (result.exit_code, "number_prefix: - → W-" in result.output) == (0, True)
    assert shown(run)["settings_version"] == 1


def test_import_of_what_is_there_already_makes_no_version(run: Run) -> None:
    result = run("import", "acme-woo", "-", answer="")

    assert "what the settings are already" in result.output
    assert shown(run)["settings_version"] == 1


def test_history_says_who_changed_what_and_when(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "anna")
    run("set", "acme-woo", "document=invoice", 'taxes."GST 5%"=12')
    monkeypatch.setenv("LOGNAME", "ben")
    run("import", "acme-woo", "-", answer='document = "invoice"')

    steps = json.loads(run("history", "acme-woo", "--json").stdout)
    table = run("history", "acme-woo").output

    assert [(one["version"], one["by"], one["why"]) for one in steps] == [
        (1, "", "as it was before"),
        (2, "anna", "set"),
        (3, "ben", "import"),
    ]
    assert steps[1]["changes"] == [
        {"setting": "document", "from": "sales_receipt", "to": "invoice"},
        {"setting": "taxes.GST 5%", "from": None, "to": "12"},
    ]
    assert datetime.fromisoformat(steps[2]["at"]).tzinfo is not None
    assert "anna" in table and "taxes.GST 5%" in table


def test_undo_goes_back_one_change_or_to_a_version_and_can_be_undone(run: Run) -> None:
    run("set", "acme-woo", "number_prefix=A-")
    run("set", "acme-woo", "number_prefix=B-")
    run("set", "acme-woo", "number_prefix=C-")

    one_back = run("undo", "acme-woo")
    after_one = shown(run)["settings"]["number_prefix"]
    run("undo", "acme-woo", "1")
    at_first = shown(run)["settings"]["number_prefix"]
    run("undo", "acme-woo")
    missing = run("undo", "acme-woo", "99")
    same = run("undo", "acme-woo", "7")

    assert one_back.output == "number_prefix: C- → B-\nThe settings are those of version 3 again.\n"
    assert (after_one, at_first, shown(run)["settings"]["number_prefix"]) == ("B-", "", "B-")
    assert shown(run)["settings_version"] == 7
    assert (missing.exit_code, "Version 99 is not there." in missing.output) == (1, True)
    assert "is how the settings are now" in same.output


def test_undo_takes_back_a_mapping_that_a_person_chose(run: Run, settings: Settings) -> None:
    engine = open_ledger(settings.database_url)
    with writing(engine) as database:
        store_mappings(database, "acme-woo", [Remembered(SyncMapping(MUG, "Item", "5"), "e1")], NOW)
    change_settings(
        engine, "acme-woo", {}, now=NOW, by="anna", why="match", mappings=[SyncMapping(MUG, "Item", "9")]
    )

    done = json.loads(run("undo", "acme-woo", "--json").stdout)

    with reading(engine) as database:
        known = recall_mappings(database, "acme-woo", [MUG])
    engine.dispose()
    assert known[MUG].quickbooks_id == "5"
    assert done["mappings"] == [
        {"kind": "product", "store_id": "77", "entity": "Item", "from": "9", "to": "5"}
    ]


def test_undo_leaves_a_mapping_that_was_changed_again_since(run: Run, settings: Settings) -> None:
    engine = open_ledger(settings.database_url)
    chosen = [SyncMapping(MUG, "Item", "9")]
    change_settings(engine, "acme-woo", {"number_prefix": "W-"}, now=NOW, why="match", mappings=chosen)
    with writing(engine) as database:
        store_mappings(database, "acme-woo", [Remembered(SyncMapping(MUG, "Item", "11"), "e2")], NOW)

    result = run("undo", "acme-woo")

    with reading(engine) as database:
        known = recall_mappings(database, "acme-woo", [MUG])
    engine.dispose()
    assert known[MUG].quickbooks_id == "11"
    assert "Left as it is, since it was changed again: product 77" in result.output
    assert shown(run)["settings"]["number_prefix"] == ""
