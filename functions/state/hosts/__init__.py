"""Hosts: the machines that serve instances."""
