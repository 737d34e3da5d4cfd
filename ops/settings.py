"""The environment: every ``COUNTERFOIL_`` variable, read once by the command line and passed on as values."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from events.broker.addresses import addresses

PREFIX = "COUNTERFOIL_"


class SettingsError(Exception):
    """A ``COUNTERFOIL_`` variable is unknown or has a bad value; the text is one sentence for a person."""


def _url(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        if urlsplit(value).scheme not in schemes:
            raise ValueError(f"must be an address that starts with {' or '.join(s + '://' for s in schemes)}")
        return value

    return AfterValidator(check)


def _listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise ValueError("must be HOST:PORT, for example 127.0.0.1:8080")
    return value


def _brokers(value: str) -> str:
    nodes = addresses(value)
    if not nodes or any(urlsplit(node).scheme not in ("amqp", "amqps") for node in nodes):
        raise ValueError(
            "must be addresses that start with amqp:// or amqps://, with ; between a cluster's nodes"
        )
    return value


Listen = Annotated[str, AfterValidator(_listen)]


def _database(value: str) -> str:
    try:
        url = make_url(value)
    except (ArgumentError, ValueError) as error:
        raise ValueError("is no database address: sqlite:///FILE or postgresql+psycopg://…") from error
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValueError("must name a file, for example sqlite:///counterfoil.db: processes share it")
    return value


def _traces(value: str) -> str:
    if value and urlsplit(value).scheme not in ("http", "https"):
        raise ValueError(
            "must be the address of an OTLP collector, for example http://127.0.0.1:4318/v1/traces"
        )
    return value


DatabaseUrl = Annotated[str, _url("sqlite", "postgresql+psycopg"), AfterValidator(_database)]
HttpUrl = Annotated[str, _url("http", "https")]


class Settings(BaseModel):
    """The process settings of the contract, and a few of our own for tuning."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    broker_url: Annotated[str, AfterValidator(_brokers)] = "amqp://guest:guest@127.0.0.1:5672/"
    management_url: HttpUrl = "http://guest:guest@127.0.0.1:15672"
    database_url: DatabaseUrl = "sqlite:///counterfoil.db"
    secret_key: SecretStr = SecretStr("")
    quickbooks_url: HttpUrl = "https://quickbooks.api.intuit.com"
    intuit_discovery_url: HttpUrl = "https://developer.api.intuit.com/.well-known/openid_configuration"
    quickbooks_limits_scale: float = Field(1.0, gt=0)
    intuit_client_id: str = ""
    intuit_client_secret: SecretStr = SecretStr("")
    listen: Listen = "127.0.0.1:8080"
    metrics_listen: Listen = "127.0.0.1:9464"
    log: Literal["debug", "info", "warning", "error"] = "info"
    traces_url: Annotated[str, AfterValidator(_traces)] = ""
    spool_path: str = "counterfoil-spool.db"
    spool_limit: int = Field(100_000, ge=0)
    webhook_limit_bytes: int = Field(1_048_576, ge=1024)
    max_attempts: int = Field(5, ge=1, le=100)
    sale_wait_seconds: int = Field(86_400, ge=1)
    request_id_trust_seconds: int = Field(14_400, ge=60)
    allow_edit: bool = False
    fetch_before_retry: bool = False
    payload_days: int = Field(90, ge=0)
    shutdown_seconds: float = Field(20.0, ge=0)
    rounds_per_company: int = Field(4, ge=1, le=32)
    worker_threads: int = Field(32, ge=1, le=128)

    def secret_values(self) -> list[str]:
        """The secrets that are set, so that logs can leave them out."""
        values = [self.secret_key.get_secret_value(), self.intuit_client_secret.get_secret_value()]
        for address in (*addresses(self.broker_url), self.management_url, self.database_url, self.traces_url):
            password = urlsplit(address).password or ""
            values += [password, unquote(password)]
        return [value for value in dict.fromkeys(values) if value]


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the ``COUNTERFOIL_`` variables; ``…_FILE`` names a file that holds the value.

    Raises:
        SettingsError: an unknown variable, a bad value, or a file that cannot be read.
    """
    values: dict[str, str] = {}
    for variable, value in sorted(environment.items()):
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in Settings.model_fields and name.endswith("_file"):
            name, value = name.removesuffix("_file"), _read(variable, value)
        if name not in Settings.model_fields:
            raise SettingsError(f"{variable} is not a setting of Counterfoil. Remove it or correct its name.")
        values[name] = value
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        problem = error.errors()[0]
        field = str(problem["loc"][0]).upper()
        raise SettingsError(f"{PREFIX}{field}: {problem['msg'].removeprefix('Value error, ')}.") from None


def _read(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{variable}: cannot read {path}: {error.strerror}.") from error
