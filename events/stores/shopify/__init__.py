"""Shopify: a webhook carries the whole REST object, signed with the app's client secret."""
