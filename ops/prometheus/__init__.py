"""Prometheus' configuration as compose.yaml mounts it; on hosts with systemd only the targets differ."""
