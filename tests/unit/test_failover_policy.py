"""What a failover policy promises: how many have a commit, and how many must answer so that one of them has it."""

import itertools

import pytest

from functions.state.groups.policy import FailoverMode, FailoverPolicy

SYNCHRONOUS = FailoverMode.SYNCHRONOUS


@pytest.mark.parametrize("replicas", range(1, 6))
@pytest.mark.parametrize("quorum", range(1, 6))
def test_those_that_answer_include_one_that_has_each_commit(replicas: int, quorum: int) -> None:
    policy = FailoverPolicy(mode=SYNCHRONOUS, quorum=quorum)
    everybody = range(replicas)
    for have_it in itertools.combinations(everybody, policy.copies(replicas)):
        for answer in itertools.combinations(everybody, policy.answers_needed(replicas)):
            assert set(have_it) & set(answer)
    fewer = policy.answers_needed(replicas) - 1
    assert set(range(fewer)).isdisjoint(range(fewer, fewer + policy.copies(replicas))), "fewer answers are not enough"


def test_asynchronous_writes_wait_for_nobody_and_any_replica_may_follow() -> None:
    policy = FailoverPolicy(quorum=2)
    assert (policy.copies(3), policy.answers_needed(3)) == (0, 1)


def test_the_words_name_the_numbers() -> None:
    assert "each is on 2 of 3 replicas" in FailoverPolicy(mode=SYNCHRONOUS, quorum=2).guarantee(3)
    assert "until 2 of these answer" in FailoverPolicy(mode=SYNCHRONOUS, quorum=2).guarantee(3)
    assert "at most 1024 bytes" in FailoverPolicy(automatic=True, max_lag_bytes=1024).guarantee(3)
    assert "an unlimited number of bytes" in FailoverPolicy().guarantee(1)
