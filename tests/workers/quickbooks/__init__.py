"""Tests of the QuickBooks client and all that it stands on."""
