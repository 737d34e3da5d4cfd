"""Tests of workers/mapping."""
