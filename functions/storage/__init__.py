"""Objects in Swift: the containers of backups and of published logs, and their capability URLs."""
