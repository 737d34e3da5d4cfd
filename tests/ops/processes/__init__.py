"""Each process, started and ended as an operator does."""
