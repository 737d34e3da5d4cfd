"""OAuth 2.0 as Intuit speaks it: apps, grants, tokens, the consent page."""
