"""Valkey among the products of Redis' family."""

from __future__ import annotations

from datastores.redis.engine.family import Product

PRODUCT = Product("Valkey", "valkey-server", "valkey_version")
