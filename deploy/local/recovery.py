"""Resumes the workflow executions and stacks that a crash of Mistral or Heat left half done.

In-process RPC loses its messages in a crash; RabbitMQ's durable queues would keep them. Before its engine starts, each
service records in a file what is half done, which is then certainly stuck. When the service is ready again, a one-shot
unit of the supervisor resumes the recorded items through the API and removes the file.

Mistral: a RUNNING execution with an IDLE task lost the message that starts the task. Pause and resume send it again.
Heat: a stack IN_PROGRESS has no engine any more. An update with the existing template converges it; a deletion is
requested again.
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


def record_stuck_executions(state: State) -> None:
    """Record the executions that lost a message. Call it before the engine starts."""
    _record(state, "mistral", _STUCK_EXECUTIONS)


def record_stuck_stacks(state: State) -> None:
    """Record the stacks that are in progress without an engine. Call it before the engine starts."""
    _record(state, "heat", _STUCK_STACKS)


def resume_executions(state: State, session: Session) -> None:
    """Pause and resume the executions that `record_stuck_executions` recorded."""
    mistral = Adapter(session, service_type="workflowv2", raise_exc=True)
    for (execution,) in _recorded(state, "mistral"):
        for wanted in ("PAUSED", "RUNNING"):
            _send(mistral, "PUT", f"/executions/{execution}", {"state": wanted})
    _record_file(state, "mistral").unlink(missing_ok=True)


def converge_stacks(state: State, session: Session) -> None:
    """Update or delete the stacks that `record_stuck_stacks` recorded."""
    heat = Adapter(session, service_type="orchestration", raise_exc=True)
    for identifier, name, action in _recorded(state, "heat"):
        if action == "DELETE":
            _send(heat, "DELETE", f"/stacks/{name}/{identifier}")
        elif action in _CONVERGED_ACTIONS:
            _send(heat, "PATCH", f"/stacks/{name}/{identifier}", {})
    _record_file(state, "heat").unlink(missing_ok=True)


def _send(service: Adapter, method: str, path: str, body: Mapping[str, str] | None = None) -> None:
    """Send a request and print its outcome. An error is only printed: the sweep settles operations that stay stuck."""
    try:
        service.request(path, method, json=body)
        print(f"recovery: {method} {path}", flush=True)
    except ClientException as error:
        print(f"recovery: {method} {path}: {error}", flush=True)


def _record(state: State, database: str, query: str) -> None:
    with postgres.connection(state, database, database) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        rows = cursor.fetchall()
    _record_file(state, database).write_text(json.dumps(rows))


def _recorded(state: State, database: str) -> list[list[str]]:
    path = _record_file(state, database)
    if not path.exists():
        return []
    rows: list[list[str]] = json.loads(path.read_text())
    return rows


def _record_file(state: State, database: str) -> Path:
    return state.run / f"{database}.stuck"
