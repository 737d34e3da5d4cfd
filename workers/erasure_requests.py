"""How a store's request to erase a contact waits in the ledger until the desk carries it out: as a sync mapping."""

KIND = "erasure"
"""The mapping's kind; its store id is the contact's, its detail the e-mail until the request is carried out."""

EVERYBODY = "*"
"""Store id of the request that means every contact of the store."""
