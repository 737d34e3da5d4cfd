"""The dashboards are valid and up to date, and a real Prometheus answers every query of every panel."""
