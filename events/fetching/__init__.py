"""Asking the stores over HTTP: objects since a moment, page by page, or one object anew."""
