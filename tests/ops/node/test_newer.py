"""RabbitMQ 4 beside an older one: found when it is there, refused in one sentence when it cannot be."""

from pathlib import Path

import pytest

from ops.node import newer
from ops.node.install import InstallFailed
from ops.node.node import PrivateNode
from ops.node.server import Server, installed
from tests.rig.fixtures import generation


def _put(root: Path, version: str) -> None:
    scripts = root / f"usr/lib/rabbitmq/lib/rabbitmq_server-{version}/sbin"
    scripts.mkdir(parents=True)
    for name in ("rabbitmq-server", "rabbitmqctl", "rabbitmq-env"):
        (scripts / name).touch()


def test_server_in_a_root_folder_is_named_as_it_is_named_inside(tmp_path: Path) -> None:
    _put(tmp_path, "4.0.5")

    found = installed(tmp_path)

    assert found == Server(Path("/usr/lib/rabbitmq/lib/rabbitmq_server-4.0.5/sbin"), tmp_path)
    command = found.command("rabbitmqctl", "status", folder=Path("/data"))
    assert "unshare" in command[0]
    assert command[-2:] == [str(found.scripts / "rabbitmqctl"), "status"]


def test_newest_of_several_servers_is_taken(tmp_path: Path) -> None:
    for version in ("4.0.5", "4.0.10", "3.13.7"):
        _put(tmp_path, version)

    found = installed(tmp_path)

    assert found is not None
    assert found.scripts.parent.name == "rabbitmq_server-4.0.10"


def test_half_made_root_folder_is_no_server(tmp_path: Path) -> None:
    _put(tmp_path, "4.0.5")
    (tmp_path / "usr/lib/rabbitmq/lib/rabbitmq_server-4.0.5/sbin/rabbitmqctl").unlink()

    assert installed(tmp_path) is None


def test_another_generation_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InstallFailed, match="RabbitMQ 5"):
        newer.install("5", say=lambda _line: None, cache=tmp_path / "none")


@pytest.mark.broker
@pytest.mark.timeout(300)
def test_rabbitmq_4_leaves_no_mount_behind_on_the_machine(own_node: PrivateNode) -> None:
    if not generation():
        pytest.skip("only when the tests run on RabbitMQ 4 (make test-matrix)")

    version = own_node.ctl("version")

    assert version.startswith(f"{generation()}.")
    assert str(own_node.folder) not in Path("/proc/mounts").read_text()
