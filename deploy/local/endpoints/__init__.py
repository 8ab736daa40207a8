"""Endpoints of the embedded cloud: addresses that outlive hosts, each served by a TCP proxy of its own."""
