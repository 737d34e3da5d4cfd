"""compose.yaml: valid by the Compose specification, and hardened as its comments say."""

import json
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from ops.cli.main import COMMANDS
from ops.settings import PREFIX, read_settings

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if service["image"].startswith("counterfoil:")}
SECRETS_SH = ROOT / "ops" / "image" / "secrets.sh"


def test_it_is_valid_by_the_compose_specification() -> None:
    read = PyCompose.from_json(json.dumps(COMPOSE))  # with YAML's merge keys carried out, as Compose does

    assert set(read.service_names()) == set(SERVICES)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("cap_drop:", "cap_dropped:"), ("condition: service_healthy", "condition: service_well")],
    ids=["unknown-key", "unknown-value"],
)
def test_what_the_specification_does_not_know_is_refused(right: str, wrong: str) -> None:
    """The check above is worth something."""
    assert right in TEXT

    with pytest.raises(ValueError, match=wrong.split()[-1].rstrip(":")):
        PyCompose.from_json(json.dumps(yaml.safe_load(TEXT.replace(right, wrong))))


def test_all_that_the_issue_names_is_there() -> None:
    wanted = {
        "rabbitmq",
        "postgres",
        "webhooks",
        "worker",
        "desk",
        "prometheus",
        "grafana",
        "sandbox",
        "store",
    }

    assert wanted <= set(SERVICES)
    assert {name for name, service in SERVICES.items() if service.get("profiles") == ["demo"]} == {
        "sandbox",
        "store",
    }


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_every_service_is_pinned_limited_watched_and_without_privileges(service: dict[str, Any]) -> None:
    limits = service["deploy"]["resources"]["limits"]

    assert re.search(r":v?\d+(\.\d+)+", service["image"])
    assert {"cpus", "memory"} <= set(limits)
    assert service["healthcheck"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].partition(":")[0]) > 0
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_only_rabbitmq_may_write_outside_of_its_volumes() -> None:
    assert {name for name, service in SERVICES.items() if not service.get("read_only")} == {"rabbitmq"}


def test_no_secret_is_in_the_environment_and_each_comes_as_a_file() -> None:
    for name, service in SERVICES.items():
        for variable, value in (service.get("environment") or {}).items():
            is_secret = re.search("PASSWORD|SECRET|KEY|BROKER_URL|DATABASE_URL|MANAGEMENT_URL", variable)
            assert not is_secret or str(value).startswith("/run/secrets/"), (name, variable)
    used = {
        one if isinstance(one, str) else one["source"]
        for service in SERVICES.values()
        for one in service.get("secrets", [])
    }
    assert used == set(COMPOSE["secrets"])


def test_the_program_knows_every_setting_and_command(tmp_path: Path) -> None:
    for name in OURS - {"store"}:
        service = SERVICES[name]
        given = {key: str(value) for key, value in service["environment"].items() if key.startswith(PREFIX)}
        for key in [key for key in given if key.endswith("_FILE")]:
            file = tmp_path / key
            file.write_text(_secret(key))
            given[key] = str(file)

        read_settings({key: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for key, value in given.items()})

        assert service["command"][0] in COMMANDS


def test_mounted_files_are_there() -> None:
    mounts = [volume for service in SERVICES.values() for volume in service.get("volumes", [])]

    sources = [mount.partition(":")[0] for mount in mounts if mount.startswith("./")]
    assert len(sources) >= 5
    assert all((ROOT / source).exists() for source in sources)


def test_script_makes_every_secret_readable_in_a_folder_that_is_not_and_keeps_what_is_there(
    tmp_path: Path,
) -> None:
    copy = tmp_path / "ops" / "image" / "secrets.sh"
    copy.parent.mkdir(parents=True)
    copy.write_text(SECRETS_SH.read_text())

    subprocess.run(["sh", str(copy)], check=True, capture_output=True, timeout=30)
    first = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    subprocess.run(["sh", str(copy)], check=True, capture_output=True, timeout=30)

    assert {Path(one["file"]).name for one in COMPOSE["secrets"].values()} <= set(first)
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == first
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert first["broker_password"] in first["broker_url"]
    assert first["broker_password"] in first["rabbitmq.conf"]
    assert first["postgres_password"] in first["database_url"]
    read_settings(
        {
            f"{PREFIX}{name.upper()}_FILE": str(tmp_path / "secrets" / name)
            for name in ("broker_url", "management_url", "database_url", "secret_key")
        }
    )


def test_grafana_finds_our_dashboards_and_its_data_source() -> None:
    folder = ROOT / "ops" / "dashboards" / "provisioning"
    provider = yaml.safe_load((folder / "dashboards" / "counterfoil.yml").read_text())["providers"][0]
    source = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text())["datasources"][0]
    mounts = dict(volume.removesuffix(":ro").split(":") for volume in SERVICES["grafana"]["volumes"])

    assert mounts["./ops/dashboards/json"] == provider["options"]["path"]
    assert mounts["./ops/dashboards/provisioning"] == "/etc/grafana/provisioning"
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (ROOT / "ops" / "dashboards" / "json" / Path(home).name).exists()


def _secret(key: str) -> str:
    kinds = {"BROKER": "amqp://a:b@rabbitmq:5672/c", "MANAGEMENT": "http://a:b@rabbitmq:15672"}
    kinds |= {"DATABASE": "postgresql+psycopg://a:b@postgres/c"}
    return next((value for word, value in kinds.items() if word in key), "a secret")
