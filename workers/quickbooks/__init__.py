"""Speaking with QuickBooks Online: the client, its tokens, its limits, and every way in which it fails."""
