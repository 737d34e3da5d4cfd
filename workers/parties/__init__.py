"""Finding or creating the QuickBooks customer of a buyer."""
