"""The tests, in the same tree as the code, plus journeys/ (end to end) and faults/ (what gets killed)."""
