"""Who may do what on RabbitMQ: the roles, the users that have them, and all of it as a file to import."""
