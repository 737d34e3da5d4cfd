"""What each event does to QuickBooks: runtime, workflows, mapping, the QuickBooks client, the ledger."""
