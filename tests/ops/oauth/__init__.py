"""Tests of connecting a company."""
