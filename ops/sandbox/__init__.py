"""A QuickBooks Online company on this machine: strict, fast, and able to fail on demand."""
