"""The database's revisions."""
