"""What a crash of Mistral or Heat leaves half done is driven on after the next start.

In-process RPC forgets the messages that were under way (RabbitMQ's durable queues would keep them). Before a service
starts, it notes in a file what can only be left over, since no engine runs then; when it is ready again, a step of the
supervisor drives that on through the API and removes the file.

Mistral: a RUNNING execution with an IDLE task lost the message that starts the task: pause and resume send it again.
Heat: a stack IN_PROGRESS has no engine any more: an update with the existing template converges it, a deletion is asked
for again.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from keystoneauth1.adapter import Adapter
from keystoneauth1.exceptions import ClientException
from keystoneauth1.session import Session

from deploy.local import postgres
from deploy.local.state import State

_STUCK_EXECUTIONS = """
    SELECT DISTINCT execution.id FROM workflow_executions_v2 AS execution
    JOIN task_executions_v2 AS task ON task.workflow_execution_id = execution.id
    WHERE execution.state = 'RUNNING' AND task.state = 'IDLE'
"""
_STUCK_STACKS = """
    SELECT id, name, action FROM stack WHERE status = 'IN_PROGRESS' AND deleted_at IS NULL AND owner_id IS NULL
"""
_CONVERGED_ACTIONS = {"CREATE", "UPDATE", "ROLLBACK", "ADOPT"}


def note_stuck_executions(state: State) -> None:
    """Write down the executions that only a resume moves on. Call it before the engine starts."""
    _note(state, "mistral", _STUCK_EXECUTIONS)


def note_stuck_stacks(state: State) -> None:
    """Write down the stacks that nobody works on. Call it before the engine starts."""
    _note(state, "heat", _STUCK_STACKS)


def resume_executions(state: State, session: Session) -> None:
    """Drive on what `note_stuck_executions` wrote down."""
    mistral = Adapter(session, service_type="workflowv2", raise_exc=True)
    for (execution,) in _noted(state, "mistral"):
        for wanted in ("PAUSED", "RUNNING"):
            _ask(mistral, "PUT", f"/executions/{execution}", {"state": wanted})
    _notes(state, "mistral").unlink(missing_ok=True)


def converge_stacks(state: State, session: Session) -> None:
    """Drive on what `note_stuck_stacks` wrote down."""
    heat = Adapter(session, service_type="orchestration", raise_exc=True)
    for identifier, name, action in _noted(state, "heat"):
        if action == "DELETE":
            _ask(heat, "DELETE", f"/stacks/{name}/{identifier}")
        elif action in _CONVERGED_ACTIONS:
            _ask(heat, "PATCH", f"/stacks/{name}/{identifier}", {})
    _notes(state, "heat").unlink(missing_ok=True)


def _ask(service: Adapter, method: str, path: str, body: Mapping[str, str] | None = None) -> None:
    """One request; a refusal is for the sweep to see, the rest must go on."""
    try:
        service.request(path, method, json=body)
        print(f"recovery: {method} {path}", flush=True)
    except ClientException as error:
        print(f"recovery: {method} {path}: {error}", flush=True)


def _note(state: State, database: str, query: str) -> None:
    with postgres.connection(state, database, database) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        rows = cursor.fetchall()
    _notes(state, database).write_text(json.dumps(rows))


def _noted(state: State, database: str) -> list[list[str]]:
    path = _notes(state, database)
    if not path.exists():
        return []
    rows: list[list[str]] = json.loads(path.read_text())
    return rows


def _notes(state: State, database: str) -> Path:
    return state.run / f"{database}.stuck"
