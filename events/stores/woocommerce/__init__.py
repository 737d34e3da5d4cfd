"""WooCommerce: a webhook carries the whole REST object, signed with the webhook's own secret."""
