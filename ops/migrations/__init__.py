"""How the ledger's database came to be: Alembic revisions, applied by ``counterfoil setup``."""
