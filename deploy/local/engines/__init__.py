"""Finds the programs of the datastores on this machine, and fetches them without root."""
