"""What a company holds on its first day, per country."""
