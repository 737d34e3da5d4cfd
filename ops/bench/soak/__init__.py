"""The soak: real processes under random faults, replayable by seed. ``python -m ops.bench.soak --help``."""
