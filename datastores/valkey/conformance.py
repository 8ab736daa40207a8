"""Valkey in the conformance suite."""

from datastores.redis.conformance import RedisConformance

CONFORMANCE = RedisConformance()
