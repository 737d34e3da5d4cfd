"""Checks of the set-up, each of them a finding that says what to do."""
