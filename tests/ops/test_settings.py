"""The environment: every variable checked, every mistake one sentence."""

from pathlib import Path

import pytest

from ops.settings import SettingsError, read_settings


def test_without_variables_everything_has_a_default_for_one_machine() -> None:
    settings = read_settings({"HOME": "/root"})

    assert settings.database_url == "sqlite:///counterfoil.db"
    assert settings.listen == "127.0.0.1:8080"


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        pytest.param("COUNTERFOIL_BROKER", "amqp://x", "COUNTERFOIL_BROKER is not a setting", id="unknown"),
        pytest.param("COUNTERFOIL_BROKER_URL", "http://x", "amqp://", id="scheme"),
        pytest.param("COUNTERFOIL_BROKER_URL", "amqp://x;http://y", "amqp://", id="one-of-two-brokers"),
        pytest.param("COUNTERFOIL_DATABASE_URL", "mysql://x", "sqlite://", id="database"),
        pytest.param("COUNTERFOIL_DATABASE_URL", "sqlite://", "must name a file", id="database-in-memory"),
        pytest.param(
            "COUNTERFOIL_DATABASE_URL", "postgresql+psycopg://x:port/y", "no database", id="bad-port"
        ),
        pytest.param("COUNTERFOIL_LISTEN", "8080", "HOST:PORT", id="listen"),
        pytest.param("COUNTERFOIL_LOG", "loud", "COUNTERFOIL_LOG", id="log"),
        pytest.param("COUNTERFOIL_MAX_ATTEMPTS", "0", "COUNTERFOIL_MAX_ATTEMPTS", id="range"),
        pytest.param("COUNTERFOIL_SECRET_KEY_FILE", "/does/not/exist", "/does/not/exist", id="file"),
    ],
)
def test_a_bad_variable_stops_with_one_sentence_that_names_it(variable: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError) as stopped:
        read_settings({variable: value})

    assert says in str(stopped.value)
    assert "\n" not in str(stopped.value)


def test_a_secret_may_lie_in_a_file_and_is_never_printed(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("marked-secret\n", encoding="utf-8")

    settings = read_settings({"COUNTERFOIL_SECRET_KEY_FILE": str(file)})

    assert settings.secret_key.get_secret_value() == "marked-secret"
    assert "marked-secret" not in repr(settings)
