"""Connecting a QuickBooks company: a person's consent in a browser, or a refresh token that is there already."""
