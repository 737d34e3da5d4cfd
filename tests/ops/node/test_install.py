"""Installing a package leaves services as they were. (The installation itself is what ``make test`` does in CI.)"""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.node.install import BROKER_UNITS, NO_SERVICE, enabled_units, no_service_starts


def test_no_service_may_start_while_a_package_is_installed(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"

    with no_service_starts(policy):
        during = policy.read_text()
        mode = policy.stat().st_mode & 0o777

    assert during == NO_SERVICE
    assert "exit 101" in during
    assert mode == 0o755
    assert not policy.exists()


def test_policy_that_was_there_comes_back_even_after_a_failure(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 0\n")
    policy.chmod(0o750)

    with pytest.raises(RuntimeError, match="apt broke"), no_service_starts(policy):
        raise RuntimeError("apt broke")

    assert policy.read_text() == "#!/bin/sh\nexit 0\n"
    assert policy.stat().st_mode & 0o777 == 0o750
    assert list(tmp_path.iterdir()) == [policy]


def test_policy_left_behind_by_a_run_that_was_cut_off_is_cleared_away(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text(NO_SERVICE)
    policy.with_name("policy-rc.d.counterfoil-kept").write_text("#!/bin/sh\nexit 0\n")

    with no_service_starts(policy):
        pass

    assert policy.read_text() == "#!/bin/sh\nexit 0\n"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        pytest.param(
            "systemd/system/multi-user.target.wants/rabbitmq-server.service", ["rabbitmq-server.service"]
        ),
        pytest.param("systemd/system/sockets.target.wants/epmd.socket", ["epmd.socket"]),
        pytest.param("rc3.d/S01rabbitmq-server", ["rabbitmq-server.service"]),
        pytest.param("rc3.d/K01rabbitmq-server", []),
        pytest.param("systemd/system/multi-user.target.wants/nginx.service", []),
    ],
)
def test_unit_counts_as_enabled_when_a_boot_link_says_so(
    tmp_path: Path, link: str, expected: list[str]
) -> None:
    (tmp_path / link).parent.mkdir(parents=True)
    (tmp_path / link).symlink_to("/nowhere")

    assert enabled_units(BROKER_UNITS, etc=tmp_path) == expected
