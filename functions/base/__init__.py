"""Modules that all others use: errors, settings, limits, clock, ids, logs, sealing, statuses."""
