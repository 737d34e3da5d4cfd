"""Stores on this machine: the APIs of WooCommerce and Shopify with the behaviour that matters to a reader."""
