"""One QuickBooks Online company held in memory: strict, without HTTP."""
