"""Tests of workers/contacts."""
