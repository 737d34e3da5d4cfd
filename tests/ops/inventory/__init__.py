"""Inventory runs."""
