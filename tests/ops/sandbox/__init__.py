"""Tests of the QuickBooks sandbox."""
