"""Tests of workers/inventory."""
