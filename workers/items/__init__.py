"""Finding or creating the QuickBooks item of a product."""
