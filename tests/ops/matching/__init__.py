"""What a store's things are in QuickBooks."""
