"""The private RabbitMQ node and the private PostgreSQL server: found or installed, started, ended by their own pid."""
