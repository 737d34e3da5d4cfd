"""Tests of the private node, its finding and installing."""
