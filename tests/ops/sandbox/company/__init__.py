"""Tests of the company behind the sandbox."""
