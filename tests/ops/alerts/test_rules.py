"""The alerts as Prometheus itself reads them: valid, and each fires, stays quiet and clears as its case says."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.dashboards.files import texts
from ops.node import prometheus
from tests.ops.alerts.cases import CASES, as_promtool
from tests.ops.alerts.pace import paced
from tests.rig.fixtures import missing

ROOT = Path(__file__).resolve().parents[3]
RULES = ROOT / "ops" / "alerts" / "counterfoil.yml"
PAGES = ROOT / "ops" / "runbooks" / "alerts"
SECTIONS = ["## What it means", "## How to see it", "## How to fix it", "## How to prevent it"]


def alerts() -> dict[str, dict[str, Any]]:
    """Every alert by the name that follows ``Counterfoil``."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"].removeprefix("Counterfoil"): rule for group in groups for rule in group["rules"]}


def promtool(*arguments: str) -> str:
    """Run promtool; what it printed, which is shown when it refuses."""
    if not prometheus.is_here():
        missing(prometheus.NOT_FOUND)
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_prometheus_accepts_the_rules() -> None:
    assert f"SUCCESS: {len(alerts())} rules found" in promtool("check", "rules", str(RULES))


def test_every_alert_has_a_case_a_severity_a_sentence_and_a_page_and_every_page_its_alert() -> None:
    rules = alerts()

    assert {case.alert for case in CASES} == set(rules)
    for name, rule in rules.items():
        slug = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.replace("QuickBooks", "Quickbooks")).lower()
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["runbook"] == f"ops/runbooks/alerts/{slug}.md"
    pages = {f"ops/runbooks/alerts/{page.name}" for page in PAGES.glob("*.md")}
    assert pages == {rule["annotations"]["runbook"] for rule in rules.values()}


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_page_says_what_how_to_see_fix_and_prevent(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()

    assert lines[0].startswith("# ")
    assert [line for line in lines if line.startswith("## ")] == SECTIONS


@pytest.mark.slow
def test_each_alert_fires_when_it_must_stays_quiet_before_and_clears(tmp_path: Path) -> None:
    rules = alerts()
    cases = [
        as_promtool(
            case, rules[case.alert]["labels"]["severity"], rules[case.alert]["annotations"]["runbook"]
        )
        for case in CASES
    ]
    written = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": cases}
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(written))

    assert "SUCCESS" in promtool("test", "rules", str(tmp_path / "tests.yml"))


def test_rules_use_only_metrics_that_exist() -> None:
    """Ours are the approved ones; RabbitMQ's stand on its dashboard too, whose queries a real broker answers."""
    approved = (ROOT / "tests" / "ops" / "metrics.approved.txt").read_text()
    dashboards = "".join(texts().values())

    for name, rule in alerts().items():
        for metric in re.findall(r"\b(?:counterfoil|rabbitmq)_\w+", rule["expr"]):
            assert f"{metric}{{" in approved or metric in dashboards, (name, metric)


def test_paced_rules_are_the_same_alerts_in_less_time() -> None:
    fast = yaml.safe_load(paced(RULES.read_text(), factor=600))
    rules = {rule["alert"]: rule for group in fast["groups"] for rule in group["rules"]}

    assert set(rules) == {f"Counterfoil{name}" for name in alerts()}
    oldest = rules["CounterfoilOldestFailure"]
    assert (oldest["for"], oldest["expr"].split("> ")[1]) == ("500ms", "4 * 6.0")
    assert "[8s]" in rules["CounterfoilErrorQueueGrows"]["expr"]
