"""Numbers of instances, backups and operations."""
