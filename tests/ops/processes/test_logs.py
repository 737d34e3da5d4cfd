"""Log lines: one JSON object each, readable on a terminal, never a secret."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from ops.processes.logs import configure_logs
from workers.ledger.engine import open_ledger, reading

log = logging.getLogger("tests.logs")
NAME = "Jane Doe"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    names = ("pika", "amqp", "kombu", "uvicorn")
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    logging.captureWarnings(capture=False)


def test_a_record_is_one_json_object_with_its_facts_as_keys() -> None:
    stream = io.StringIO()
    configure_logs("info", stream=stream)

    log.info("event settled", extra={"event_id": "5f1c", "attempt": 2})

    line = json.loads(stream.getvalue())
    assert (line["message"], line["level"], line["event_id"], line["attempt"]) == (
        "event settled",
        "INFO",
        "5f1c",
        2,
    )
    assert line["time"].endswith("+00:00")


def test_a_traceback_stays_on_its_one_line() -> None:
    stream = io.StringIO()
    configure_logs("info", stream=stream)

    try:
        raise ValueError("bad\nnews")
    except ValueError:
        log.exception("it failed")

    assert len(stream.getvalue().splitlines()) == 1
    assert "ValueError" in json.loads(stream.getvalue())["exc_info"]


@pytest.mark.parametrize("stream_kind", [io.StringIO, Terminal], ids=["json", "terminal"])
def test_a_traceback_says_where_and_what_kind_but_not_what_the_fault_quotes(
    stream_kind: type[io.StringIO],
) -> None:
    stream = stream_kind()
    configure_logs("info", stream=stream)

    try:
        try:
            raise KeyError(NAME)
        except KeyError as error:
            raise ValueError(f"no such buyer: {NAME}") from error
    except ValueError:
        log.exception("it failed")

    told = stream.getvalue()
    assert NAME not in told
    assert "ValueError" in told
    assert "KeyError" in told
    assert "which led to" in told
    assert "test_logs.py" in told


def test_a_traceback_of_the_system_keeps_what_it_says() -> None:
    stream = io.StringIO()
    configure_logs("info", stream=stream)

    try:
        raise ConnectionRefusedError(111, "Connection refused")
    except OSError:
        log.exception("it failed")

    assert (
        "ConnectionRefusedError: [Errno 111] Connection refused" in json.loads(stream.getvalue())["exc_info"]
    )


def test_an_error_of_the_database_holds_no_parameters(sqlite_url: str) -> None:
    engine = open_ledger(sqlite_url)

    with pytest.raises(OperationalError) as raised, reading(engine) as database:
        database.execute(text("select * from nowhere where buyer = :buyer"), {"buyer": NAME})

    engine.dispose()
    assert "nowhere" in str(raised.value)
    assert NAME not in str(raised.value)


def test_on_a_terminal_a_record_is_readable() -> None:
    stream = Terminal()
    configure_logs("info", stream=stream)

    log.warning("event settled", extra={"workflow": "orders"})

    assert stream.getvalue().split(" ", 1)[1] == "WARNING event settled workflow=orders\n"


def test_a_record_below_the_level_is_left_out_and_so_is_the_noise_of_libraries() -> None:
    stream = io.StringIO()
    configure_logs("warning", stream=stream)

    log.info("no news")
    logging.getLogger("pika.adapters").error("connection lost, said for the eighth time")

    assert stream.getvalue() == ""


@pytest.mark.parametrize("stream_kind", [io.StringIO, Terminal], ids=["json", "terminal"])
@pytest.mark.parametrize(
    "value",
    [
        pytest.param("amqp://counterfoil:hunter22@broker:5672/", id="address"),
        pytest.param("postgresql+psycopg://counterfoil:hunter22@db/books", id="database"),
        pytest.param("Bearer hunter22", id="bearer"),
        pytest.param({"Authorization": "Basic hunter22"}, id="header"),
        pytest.param({"refresh_token": "hunter22", "expires_in": 3600}, id="token-answer"),
        pytest.param("grant_type=refresh_token&refresh_token=hunter22", id="form"),
        pytest.param("client_secret: hunter22", id="sentence"),
        pytest.param('{"access_token":"hunter22"}', id="json-text"),
        pytest.param("the key is KNOWN-hunter22.", id="known-value"),
    ],
)
def test_a_secret_never_gets_through(stream_kind: type[io.StringIO], value: object) -> None:
    stream = stream_kind()
    configure_logs("info", secrets=["KNOWN-hunter22", ""], stream=stream)

    log.info("said: %s", value, extra={"fact": value})

    assert "hunter22" not in stream.getvalue()
    assert stream.getvalue().count("***") >= 2


def test_what_is_no_secret_stays_readable() -> None:
    stream = io.StringIO()
    configure_logs("info", stream=stream)

    log.info(
        "refused", extra={"fault_code": "6240", "message_id": "5f1c", "tax": "GST 5%", "password_set": True}
    )

    line = json.loads(stream.getvalue())
    assert (line["fault_code"], line["message_id"], line["tax"]) == ("6240", "5f1c", "GST 5%")
