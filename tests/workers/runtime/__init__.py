"""Tests of the same place in the code."""
