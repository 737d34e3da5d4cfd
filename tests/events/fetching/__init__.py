"""Tests of asking the stores."""
