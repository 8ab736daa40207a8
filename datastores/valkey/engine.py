"""Valkey's engine: Redis' own, with Valkey's programs."""

from __future__ import annotations

from datastores.redis.engine import RedisEngine
from datastores.redis.engine_server import Product


class ValkeyEngine(RedisEngine):
    """One Valkey server."""

    product = Product("valkey", "Valkey", "valkey-server")


ENGINE = ValkeyEngine
