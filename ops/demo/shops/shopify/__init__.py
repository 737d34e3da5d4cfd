"""The store side of Shopify: bodies, headers, signatures."""
