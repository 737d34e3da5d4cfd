"""Tests of ops/tracing."""
