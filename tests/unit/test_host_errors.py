"""What leaves a host of an error: its words, without directories and without a log."""

import pytest

from datastores.host.errors import EngineError, ProgramFailed


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("could not open /srv/h/data/mysql/ibdata1: denied", "could not open ibdata1: denied"),
        ("'/srv/h/run/x.sock' (2)", "'x.sock' (2)"),
        ("see http://a.test/docs/page.html or 10.0.0.0/8, 1/2", "see http://a.test/docs/page.html or 10.0.0.0/8, 1/2"),
        ("a /srv/h/ b", "a  b"),
    ],
)
def test_directories_stay_on_the_host(said: str, told: str) -> None:
    assert EngineError(said).failure().message == told


def test_of_a_long_message_the_beginning_and_the_end_are_told() -> None:
    said = f"mariadb-backup failed with code 1: {1000 * 'line '}Too many connections"
    message = ProgramFailed(said).failure().message
    assert message.startswith("mariadb-backup failed with code 1: ")
    assert message.endswith("Too many connections")
    assert len(message) < 1010
