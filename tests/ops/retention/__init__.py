"""Tests of ops/retention."""
