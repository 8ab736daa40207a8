"""Backups: rows, chains, strategies."""
