"""Logs on a host: what lies behind a position, and the parts between two."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastores.host import logs
from datastores.host.logs import Log, measure, parts
from datastores.postgresql.engine.logs import begins, begins_error
from datastores.protocol.logs import Position

STATEMENT = "2026-11-22 10:00:00.001 UTC [7] tester@app LOG:  statement: SELECT 1\n"
ERROR = "2026-11-22 10:00:00.002 UTC [7] tester@app ERROR:  division by zero\n"
CONTEXT = "2026-11-22 10:00:00.002 UTC [7] tester@app STATEMENT:  SELECT\n\t1/0\n"
PARAMETERS = "2026-11-22 10:00:00.003 UTC [7] tester@app DETAIL:  Parameters: $1 = 'secret'\n"
CHECKPOINT = "2026-11-22 10:00:00.004 UTC [3] LOG:  checkpoint starting: time\n"
ENTRIES = (STATEMENT, ERROR + CONTEXT, STATEMENT + PARAMETERS, CHECKPOINT)


def content(log: Log, since: Position | None, until: Position) -> bytes:
    return b"".join(part.content for part in parts(log, since, until))


def whole(*files: Path) -> Log:
    return Log(files, begins)


def without_statements(*files: Path) -> Log:
    return Log(files, begins_error)


def end_of(log: Log) -> Position:
    end = measure(log, None).end
    assert end is not None
    return end


def test_nothing_is_there(tmp_path: Path) -> None:
    found = measure(whole(tmp_path / "absent"), None)
    assert (found.pending_bytes, found.rotated, found.end) == (0, False, None)


def test_what_was_published_is_not_pending(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text(ERROR)
    end = end_of(whole(file))
    file.write_text(ERROR + CHECKPOINT)
    found = measure(whole(file), end)
    assert (found.pending_bytes, found.rotated) == (len(CHECKPOINT), False)
    assert content(whole(file), end, end_of(whole(file))) == CHECKPOINT.encode()


def test_a_line_that_is_being_written_waits(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text(ERROR + CHECKPOINT[:30])
    assert measure(whole(file), None).pending_bytes == len(ERROR)
    assert content(whole(file), None, end_of(whole(file))) == ERROR.encode()


def test_files_are_one_stream(tmp_path: Path) -> None:
    older, newer = tmp_path / "older", tmp_path / "newer"
    older.write_text(ERROR)
    since = end_of(whole(older))
    older.write_text(ERROR + STATEMENT)
    newer.write_text(CHECKPOINT)
    log = whole(older, newer)
    assert measure(log, since).pending_bytes == len(STATEMENT + CHECKPOINT)
    assert content(log, since, end_of(log)) == (STATEMENT + CHECKPOINT).encode()


def test_rotation_under_the_same_name_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text(ERROR)
    since = end_of(whole(file))
    file.write_text(CHECKPOINT + ERROR)
    found = measure(whole(file), since)
    assert (found.rotated, found.pending_bytes) == (True, len(CHECKPOINT + ERROR))
    assert content(whole(file), since, end_of(whole(file))) == (CHECKPOINT + ERROR).encode()


def test_error_log_has_no_statements(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("".join(ENTRIES))
    log = without_statements(file)
    assert content(log, None, end_of(log)) == (ERROR + CONTEXT + CHECKPOINT).encode()


@given(entries=st.lists(st.sampled_from(ENTRIES), min_size=1, max_size=12), size=st.integers(80, 600))
def test_parts_are_whole_entries_and_begin_anywhere_again(
    tmp_path_factory: pytest.TempPathFactory, entries: list[str], size: int
) -> None:
    file = tmp_path_factory.mktemp("logs") / "log"
    file.write_text("".join(entries))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "PART_BYTES", size)
        for log in (whole(file), without_statements(file)):
            until = end_of(log)
            cut = list(parts(log, None, until))
            for number, part in enumerate(cut):
                assert list(parts(log, part.end, until)) == cut[number + 1 :]
            assert cut[-1].end == until
            assert sum(part.file_bytes for part in cut) == file.stat().st_size
        assert content(whole(file), None, until) == file.read_bytes()


def test_lines_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text(ERROR + CONTEXT)
    [part] = parts(whole(file), None, end_of(whole(file)))
    assert part.lines == 3
