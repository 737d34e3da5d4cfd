"""The door: help as approved, faults as one sentence, exit codes 0, 1 and 2."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from amqp.exceptions import AccessRefused
from click.testing import CliRunner
from pydantic import BaseModel, SecretStr
from sqlalchemy.exc import OperationalError

from events.outgoing import BrokerAway
from ops.cli.main import COMMANDS, cli, main, plain_sentence
from ops.settings import Settings
from schemas.connection import ConnectionSettings
from tests.rig.fixtures import StartProcess
from tests.rig.processes import counterfoil
from workers.errors import Throttled

APPROVED = Path(__file__).with_name("approved")
ROOT = Path(__file__).parents[3]


def _help_text() -> str:
    """The help of every command, as a terminal of 100 columns shows it."""
    return "\n".join(_pages(cli, ()))


def _help_text_of_a_fresh_process() -> str:
    """Click keeps a command's help option: one that was called alone before, in another test, would show it."""
    program = "from tests.ops.cli.test_main import _help_text; print(_help_text(), end='')"
    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return shown.stdout


def _pages(command: click.Command, words: tuple[str, ...]) -> Iterator[str]:
    shown = CliRunner().invoke(
        cli, [*words, "--help"], obj=Settings(), prog_name="counterfoil", terminal_width=100
    )
    assert shown.exit_code == 0, shown.output
    yield f"$ counterfoil {' '.join([*words, '--help'])}\n{shown.output}"
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _pages(inner, (*words, name))


def _settings_text() -> str:
    """Every environment variable with its default, and every setting of a connection with what it is for."""
    lines = ["Environment"]
    for name, field in Settings.model_fields.items():
        default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
        lines.append(f"COUNTERFOIL_{name.upper()} = {default!r}")
    lines += ["", "Settings of a connection"]
    for path, default, text in _connection_settings(ConnectionSettings(), ""):
        lines.append(f"{path} = {default!r}: {text}")
    return "\n".join(lines) + "\n"


def _connection_settings(model: BaseModel, prefix: str) -> Iterator[tuple[str, object, str]]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _connection_settings(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value, field.description or ""


@pytest.mark.parametrize(
    ("name", "listing"), [("help.txt", _help_text_of_a_fresh_process), ("settings.txt", _settings_text)]
)
def test_what_an_operator_reads_is_the_approved_text(name: str, listing: Callable[[], str]) -> None:
    """After a wanted change: write what the listing gives into the approved file, and say so in the changelog."""
    assert listing() == (APPROVED / name).read_text(encoding="utf-8")


def test_every_command_has_a_line_that_fits_the_list() -> None:
    for name, (_, line) in COMMANDS.items():
        assert line.endswith("."), name
        assert len(line) < 70, name


def test_faults_of_others_are_one_sentence_and_faults_of_ours_are_not_hidden() -> None:
    away = plain_sentence(BrokerAway("no connection"))
    login = plain_sentence(AccessRefused("Login was refused using authentication mechanism PLAIN."))
    database = plain_sentence(OperationalError("SELECT 1", {}, Exception("unable to open database file")))

    assert away is not None and "RabbitMQ does not answer" in away and "COUNTERFOIL_BROKER_URL" in away
    assert login is not None and "Login was refused" in login and "COUNTERFOIL_BROKER_URL" in login
    assert database is not None and "unable to open database file" in database and "SELECT" not in database
    assert plain_sentence(Throttled("wait a minute")) == "wait a minute"
    assert plain_sentence(ZeroDivisionError("ours")) is None


@pytest.mark.parametrize(
    ("environment", "words", "code", "says"),
    [
        ({}, ["--version"], 0, "counterfoil, version"),
        ({}, ["statsu"], 2, "No such command 'statsu'"),
        ({}, ["worker", "oders"], 2, "'oders' is not one of"),
        ({"COUNTERFOIL_BROKER": "x"}, ["status"], 1, "COUNTERFOIL_BROKER is not a setting of Counterfoil."),
        ({"COUNTERFOIL_LISTEN": "8080"}, ["status"], 1, "must be HOST:PORT"),
        (
            {"COUNTERFOIL_DATABASE_URL": "sqlite:////nowhere/c.db"},
            ["status"],
            1,
            "The database does not answer",
        ),
        ({"COUNTERFOIL_BROKER_URL": "amqp://127.0.0.1:1"}, ["setup"], 1, "RabbitMQ does not answer"),
        ({}, ["worker"], 1, "COUNTERFOIL_SECRET_KEY is not set."),
        ({}, ["webhooks"], 1, "COUNTERFOIL_SECRET_KEY is not set."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_end_with_one_sentence_and_the_right_code(
    process: StartProcess, environment: dict[str, str], words: list[str], code: int, says: str
) -> None:
    running = process(*counterfoil(*words), environment=environment)

    assert running.wait_end() == code, running.output
    assert says in running.output
    assert "Traceback" not in running.output


@pytest.mark.parametrize("words", ["worker", "desk"])
def test_taken_metrics_port_is_one_sentence(process: StartProcess, words: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        environment = {
            "COUNTERFOIL_METRICS_LISTEN": address,
            "COUNTERFOIL_SECRET_KEY": "a key for tests only",
        }
        running = process(*counterfoil(words), environment=environment)
        code = running.wait_end()

    assert code == 1
    assert f"Error: Cannot listen on {address}" in running.output
    assert "Traceback" not in running.output


def test_fault_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "main", broken)

    with pytest.raises(ZeroDivisionError):
        main(["status"])
