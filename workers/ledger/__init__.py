"""The ledger: what is booked, what was tried, what failed, who claims what. SQLAlchemy Core, SQLite or PostgreSQL."""
