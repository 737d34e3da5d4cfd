"""What a store's customers, products, taxes and gateways are in QuickBooks, before the first document is booked."""
