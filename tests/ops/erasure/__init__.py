"""Tests of ops/erasure."""
