"""etcd's engine: a module for each role that it plays, and what these share."""
