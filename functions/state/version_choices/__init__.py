"""Choices of administrators for datastore versions."""
