"""Prometheus' alerts about Counterfoil: ``counterfoil.yml``. Each one's page is in ops/runbooks/alerts."""
