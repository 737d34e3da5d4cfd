"""Grafana's dashboards as code; ``python -m ops.dashboards`` writes ``json/``, which Grafana reads."""
