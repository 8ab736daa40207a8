"""The way to hosts: SSH with certificates that are valid for minutes, and the TLS certificates of databases."""
