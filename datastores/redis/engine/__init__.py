"""Redis' engine, which Valkey shares: a module for each role that it plays, and what these share."""
