"""Reading a store since a moment and publishing what the ledger lacks."""
