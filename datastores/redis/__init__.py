"""Redis, and what Valkey shares with it."""
