"""A month of a shop, generated: what reaches the books must be what the shop itself did."""
