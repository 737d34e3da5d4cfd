"""The runtime: takes deliveries, runs them in rounds of one company, and settles each of them."""
