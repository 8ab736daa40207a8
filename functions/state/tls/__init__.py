"""Certificates that tenants brought for their databases."""
