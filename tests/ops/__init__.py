"""Tests of running and repairing."""
