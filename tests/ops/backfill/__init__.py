"""Tests of the backfill."""
