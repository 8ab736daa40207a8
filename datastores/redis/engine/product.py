"""Redis among the products of its family."""

from __future__ import annotations

from datastores.redis.engine.family import Product

PRODUCT = Product("Redis", "redis-server", "redis_version")
