"""Percona Server's engine: the MySQL family's, with what Percona Server does in its own way."""
