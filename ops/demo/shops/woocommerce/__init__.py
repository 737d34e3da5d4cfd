"""The store side of WooCommerce: bodies, headers, signatures."""
