"""Clients that were written for QuickBooks, not for us, on tour through the sandbox."""
