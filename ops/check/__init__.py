"""Store, ledger and QuickBooks compared: what is missing, doubled or different."""
