"""The first inventory run: what would move, and moving it when a person agrees (rule A79)."""
