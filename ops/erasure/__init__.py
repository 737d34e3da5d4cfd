"""A contact is erased: personal data leaves the ledger and the error queues, the books keep their documents (A67)."""
