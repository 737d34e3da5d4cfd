"""Tests of workers/orders."""
