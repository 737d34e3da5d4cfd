"""Store, ledger and QuickBooks compared."""
