"""Valkey's engine: Redis' own, with Valkey's programs."""
