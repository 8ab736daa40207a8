"""Percona Server for MySQL."""
