"""How to bring a company into each recorded situation, over HTTP; each function gives the last answer."""
