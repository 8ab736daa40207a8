"""Writes the workflow of every database operation from its plan (`functions.operations`).

Run as `python -m workflows.compile`. With `--check` it writes nothing, prints the files that are out of date, and exits
1 if there are any.
"""

import argparse
import inspect
import sys
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from functions.framework import operation
from functions.framework.operation import ABORT, FAILURE, STUCK, TASK_SECONDS, OperationKind, Task
from workflows import operation_file, operation_files

HEAD = """\
version: '2.0'

{name}:
  description: >-
{description}
  tags: [trove]

  task-defaults:
    timeout: {seconds}
    safe-rerun: true
    retry:
      count: 100000
      delay: 1
      continue-on: <% let(r => task().result) -> not (isDict($r) and $r.outcome in [done, failed]) %>
      break-on: <% isString(task().state_info) and task().state_info.startsWith("Task timed out") %>
    fail-on: <% let(r => task().result) -> not (isDict($r) and $r.outcome = done) %>
    on-error: [abort]

  tasks:
"""
WIDTH = 120


def compiled(name: str) -> str:
    """Return the content of an operation's workflow file."""
    return _head(name) + "\n".join(_tasks(operation.find(name)))


def _head(name: str) -> str:
    docstring = " ".join((inspect.getdoc(import_module(f"functions.operations.{name}")) or "").split())
    description = textwrap.fill(docstring, WIDTH, initial_indent="    ", subsequent_indent="    ")
    return HEAD.format(name=name, description=description, seconds=TASK_SECONDS)


def _tasks(kind: OperationKind) -> Iterator[str]:
    """Yield the tasks that lead to success, then those that undo, to which the default `on-error` leads."""
    for task, following in zip(kind.plan, [*kind.plan[1:], None], strict=True):
        yield _task(task, following.name if following else None)
    undoing = (ABORT, *kind.undoing)
    for task, following in zip(undoing, [*undoing[1:], FAILURE], strict=True):
        yield _task(task, following.name, following.name if task.optional else STUCK.name)
    yield _task(FAILURE, "fail", STUCK.name)
    yield _task(STUCK, "fail", "fail")


def _task(task: Task, on_success: str | None, on_error: str | None = None) -> str:
    given = ", ".join(f"{key}: {value}" for key, value in task.input.items())
    asked = f", input: {{{given}}}" if given else ""
    call = f"{{function: {task.step}, task: {task.name}{asked}}}"
    lines = [f"    {task.name}:", "      action: trove.call", f"      input: {call}"]
    if task.seconds != TASK_SECONDS:
        lines.append(f"      timeout: {task.seconds}")
    lines += [f"      on-{end}: [{to}]" for end, to in (("success", on_success), ("error", on_error)) if to]
    return "\n".join(lines) + "\n"


def stale() -> Iterator[Path]:
    """Yield the files that differ from their operation's plan, are missing, or have no operation."""
    wanted = {operation_file(name): compiled(name) for name in operation.names()}
    for path in sorted({*wanted, *operation_files()}):
        if not path.exists() or path.read_text() != wanted.get(path):
            yield path


def main() -> int:
    """Write the workflows, or check them; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is out of date")
    if parser.parse_args().check:
        found = [path.name for path in stale()]
        print(f"out of date: {', '.join(found)}; run python -m workflows.compile" if found else "up to date")
        return 1 if found else 0
    for path in list(stale()):
        name = path.stem
        if name in operation.names():
            path.write_text(compiled(name))
        else:
            path.unlink()
        print(path.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
