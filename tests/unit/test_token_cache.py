"""The cache of validated tokens."""

from functions.entrypoint.token_cache import MAX_TOKENS, TokenCache


def test_entries_end_with_their_time() -> None:
    moment = [100.0]
    cache = TokenCache(lambda: moment[0])
    cache.set("key", b"token", time=60)
    moment[0] += 59
    assert cache.get("key") == b"token"
    moment[0] += 1
    assert cache.get("key") is None


def test_the_one_not_asked_for_longest_goes_first() -> None:
    cache = TokenCache(lambda: 0.0)
    for number in range(MAX_TOKENS):
        cache.set(str(number), b"token", time=60)
    assert cache.get("0") == b"token"
    cache.set("one more", b"token", time=60)
    assert cache.get("1") is None
    assert cache.get("0") == b"token"
