"""From the store's words to QuickBooks documents. Pure: no steps, no clock, no broker."""
