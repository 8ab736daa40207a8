"""Addresses that outlive hosts."""
