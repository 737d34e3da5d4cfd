"""Benchmarks: what they print goes into the README."""
