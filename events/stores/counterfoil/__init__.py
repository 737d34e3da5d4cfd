"""Platform ``counterfoil``: whoever has no store platform sends the canonical envelope itself."""
