"""Schedules of backups and their runs."""
