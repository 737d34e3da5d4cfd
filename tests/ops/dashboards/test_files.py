"""The committed dashboards: what the code makes, what Grafana's own models take, laid out without overlap."""

import json
import re
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from ops.dashboards.files import texts
from ops.node import prometheus
from tests.ops.dashboards.queries import FOLDER, boards, filled_in, panels, queries
from tests.rig.fixtures import missing

APPROVED = Path(__file__).resolve().parents[1] / "metrics.approved.txt"
GRID = 24
PROGRESS = {"counterfoil_command_messages_left"}
"""Over in seconds, and shown by the progress bar of the command itself."""

BOARDS = boards()


def test_committed_files_are_what_the_code_makes() -> None:
    """After a wanted change: ``python -m ops.dashboards``."""
    assert {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*")} == texts()


def test_there_is_one_for_the_overview_each_workflow_quickbooks_the_broker_and_the_webhooks() -> None:
    names = ("overview", "orders", "inventory", "contacts", "quickbooks", "broker", "webhooks")

    assert set(BOARDS) == {f"counterfoil-{name}.json" for name in names}
    assert {board["uid"] for board in BOARDS.values()} == {f"counterfoil-{name}" for name in names}


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_grafanas_own_models_know_every_field(board: dict[str, Any]) -> None:
    read = Dashboard.from_json(board)

    assert json.loads(json.dumps(read, cls=JSONEncoder)) == board


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_panels_have_numbers_titles_and_words_and_do_not_overlap(board: dict[str, Any]) -> None:
    shown = panels(board)
    places = [panel["gridPos"] for panel in board["panels"]]

    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert len({panel["title"] for panel in shown}) == len(shown)
    assert all(panel["description"].endswith(".") and panel["targets"] for panel in shown)
    assert all(0 <= place["x"] <= GRID - place["w"] for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or apart, (one, other)


def test_our_metrics_in_queries_are_the_approved_ones() -> None:
    approved = APPROVED.read_text()

    for query in queries():
        for metric in re.findall(r"\bcounterfoil_\w+", query.expression):
            name = re.sub(r"_bucket$", "", metric)
            assert f"{name}{{" in approved, query


def test_every_metric_of_ours_is_on_a_dashboard() -> None:
    shown = " ".join(query.expression for query in queries())
    metrics = {line.partition("{")[0] for line in APPROVED.read_text().splitlines()} - PROGRESS

    assert {metric for metric in metrics if not re.search(rf"\b{metric}(_bucket)?\b", shown)} == set()


@pytest.mark.slow
def test_prometheus_understands_every_query(tmp_path: Path) -> None:
    if not prometheus.is_here():
        missing(prometheus.NOT_FOUND)
    rules = [
        {"record": f"q:{number}", "expr": filled_in(query.expression, rate_interval="1m")}
        for number, query in enumerate(queries())
    ]
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))

    done = subprocess.run(
        ["promtool", "check", "rules", str(tmp_path / "queries.yml")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
