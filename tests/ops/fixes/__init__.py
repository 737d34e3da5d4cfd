"""Failures that a setting repairs: fails, fix, once more, booked."""
