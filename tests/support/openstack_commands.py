"""Runs commands of the real `openstack` client, each in a process of its own, for `tests.support.openstack`.

The client's imports take two seconds of CPU. This process has made them and forks for each command, in which the same
happens as in the console script: `openstackclient.shell.main` with the command's words, then the end. A request is a
line of JSON {"words": [...], "environment": {...}}, the answer a line {"code", "stdout", "stderr"}.
"""

import contextlib
import gc
import importlib
import io
import json
import os
import signal
import sys
import tempfile
import traceback
from typing import IO, Any, NoReturn

TIMEOUT_SECONDS = 60
"""After so long SIGALRM ends a command."""


def main() -> None:
    """Answer requests until there are no more."""
    sys.argv = ["openstack"]
    import_client()
    for line in sys.stdin:
        print(json.dumps(_run(json.loads(line))), flush=True)


def import_client() -> None:
    """Import what commands need, the plugins among it: the help of one loads them."""
    from openstackclient import shell

    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        shell.main(["help", "database", "instance", "list"])
    importlib.import_module("troveclient.v1.client")
    gc.freeze()


def _run(asked: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        child = os.fork()
        if child == 0:
            _be_the_command(asked, stdout, stderr)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = []
        for said in (stdout, stderr):
            said.seek(0)
            texts.append(said.read().decode())
    return {"code": code, "stdout": texts[0], "stderr": texts[1]}


def _be_the_command(asked: dict[str, Any], stdout: IO[bytes], stderr: IO[bytes]) -> NoReturn:
    signal.alarm(TIMEOUT_SECONDS)
    for descriptor, target in ((os.open(os.devnull, os.O_RDONLY), 0), (stdout.fileno(), 1), (stderr.fileno(), 2)):
        os.dup2(descriptor, target)
    run_as_script(asked["words"], asked["environment"])


def run_as_script(words: list[str], environment: dict[str, str]) -> NoReturn:
    """Do what the console script does with these words in this environment, and end the process as it ends."""
    sys.argv = ["openstack", *words]
    os.environ.clear()
    os.environ.update(environment)
    code: object = 1
    try:
        from openstackclient import shell

        code = shell.main(words)
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as the interpreter does at the end of a script
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    main()
