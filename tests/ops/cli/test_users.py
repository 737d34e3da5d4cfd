"""``counterfoil users`` as an administrator types it."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ops.cli.main import cli
from ops.node.management import Management, ManagementRefused, part
from ops.settings import Settings
from tests.rig.broker import Broker

broker_test = pytest.mark.broker
PASSWORD = "correct horse"


def run(broker: Broker, *words: str, answer: str | None = None) -> Result:
    settings = Settings(broker_url=broker.url, management_url=broker.management_url)
    return CliRunner().invoke(cli, ["users", *words], obj=settings, input=answer)


def printed(broker: Broker, *words: str, answer: str | None = None) -> Any:
    result = run(broker, *words, "--json", answer=answer)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


def as_user(broker: Broker, name: str, password: str) -> Management:
    secret = password.replace(" ", "%20")
    return Management(broker.management_url.replace("guest:guest", f"{name}:{secret}"))


@pytest.fixture
def name(broker: Broker) -> Iterator[str]:
    """A user's name that nobody else uses; the user is gone afterwards."""
    name = f"anna.{uuid.uuid4().hex[:8]}"
    yield name
    try:
        broker.management.request("DELETE", f"users/{part(name)}")
    except ManagementRefused as refused:
        assert refused.status == 404


@broker_test
def test_user_is_added_listed_given_a_new_password_and_removed(
    broker: Broker, name: str, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("another horse\n")

    added = run(broker, "add", name, "--role", "operator", answer=f"{PASSWORD}\n{PASSWORD}\n")
    first = as_user(broker, name, PASSWORD).answers()
    listed = printed(broker, "list")
    changed = printed(broker, "password", name, "--password-file", str(file))
    old, new = as_user(broker, name, PASSWORD).answers(), as_user(broker, name, "another horse").answers()
    removed = run(broker, "remove", name, answer="y\n")

    assert (added.exit_code, first) == (0, True), added.output
    assert PASSWORD not in added.output
    assert [(one["name"], one["role"], one["can_log_in"]) for one in listed] == [(name, "operator", True)]
    assert (changed, old, new) == ({"user": name, "password": "changed"}, False, True)
    assert removed.output.endswith(f"Removed: {name}.\n")
    assert not as_user(broker, name, "another horse").answers()
    assert run(broker, "list").output.startswith("There are none.")


@broker_test
def test_new_password_leaves_the_role(broker: Broker, name: str) -> None:
    printed(broker, "add", name, "--role", "viewer", "--password-file", "-", answer=PASSWORD)

    printed(broker, "password", name, "--password-file", "-", answer="another horse")

    (one,) = printed(broker, "list")
    assert one["role"] == "viewer"
    assert "viewer" in run(broker, "list").output


@broker_test
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["add", "guest", "--role", "operator"], "There is a user guest already."),
        (["add", "a b", "--role", "operator"], "A user's name has 1 to 64 letters"),
        (["password", "guest"], "guest is not a user that Counterfoil made"),
        (["password", "nobody-here"], "There is no user nobody-here."),
        (["remove", "guest", "--yes"], "guest is not a user that Counterfoil made"),
        (["remove", "nobody-here", "--yes"], "There is no user nobody-here."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_users_that_are_not_ours_are_left_alone(broker: Broker, words: list[str], sentence: str) -> None:
    more = [] if words[0] == "remove" else ["--password-file", "-"]

    result = run(broker, *words, *more, answer=PASSWORD)

    assert (result.exit_code, sentence in result.output) == (1, True), result.output
    assert broker.management.answers()


@broker_test
def test_short_password_is_refused(broker: Broker, name: str) -> None:
    result = run(broker, "add", name, "--role", "viewer", "--password-file", "-", answer="short")

    assert result.exit_code == 1
    assert "8 characters or more" in result.output


@broker_test
def test_who_is_no_administrator_may_not_manage_users(broker: Broker, name: str) -> None:
    printed(broker, "add", name, "--role", "operator", "--password-file", "-", answer=PASSWORD)
    mine = Settings(broker_url=broker.url, management_url=as_user(broker, name, PASSWORD).url)

    result = CliRunner().invoke(cli, ["users", "list"], obj=mine)

    assert result.exit_code == 1
    assert "does not let us manage users" in result.output


def test_management_api_that_is_away_is_one_sentence() -> None:
    away = Settings(management_url="http://guest:guest@127.0.0.1:9")

    result = CliRunner().invoke(cli, ["users", "list"], obj=away)

    assert result.exit_code == 1
    assert "Check COUNTERFOIL_MANAGEMENT_URL" in result.output
