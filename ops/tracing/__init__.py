"""Traces with OpenTelemetry: optional, and not even imported unless they are switched on."""
