"""The workflow linter: checks every workflow by the registry of steps and the rules of the failure path.

Run as `python -m workflows.lint`. It prints each finding, and exits 1 if there are any.
"""

import sys
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from functions.base.errors import StepInvalid
from functions.framework import operation
from functions.framework.registry import find
from workflows import TIMED, operation_files

ENGINE_COMMANDS = frozenset({"fail", "succeed", "noop", "pause"})
FORWARD_TASKS = 12
"""Most tasks of an operation that succeeds. Mistral spends about 70 ms of engine CPU on each."""
POLICIES = ("timeout", "safe-rerun", "on-error", "fail-on")
TIMED_OUT = '<% isString(task().state_info) and task().state_info.startsWith("Task timed out") %>'
"""Condition on which retrying stops: Mistral counts the timeout of a task as a failed attempt, and would retry."""

Task = dict[str, Any]


def lint(path: Path) -> list[str]:
    """Return the findings of one workflow file."""
    document = yaml.safe_load(path.read_text())
    name = path.stem
    workflow = document.get(name)
    if not isinstance(workflow, dict):
        return [f"{path.name}: must define the workflow {name!r}, named as the file"]
    defaults: Task = workflow.get("task-defaults", {})
    tasks = {key: {**defaults, **(task or {})} for key, task in workflow["tasks"].items()}
    findings = [finding for key, task in tasks.items() for finding in _task_findings(key, task, tasks)]
    if path not in TIMED:
        findings += _path_findings(name, tasks)
    return [f"{path.name}: {finding}" for finding in findings]


def _task_findings(key: str, task: Task, tasks: dict[str, Task]) -> list[str]:
    findings = [f"task {key}: has no {policy}" for policy in POLICIES if policy not in task]
    if task.get("action") != "trove.call":
        findings.append(f"task {key}: its action must be trove.call")
    if "retry" in task and task["retry"].get("break-on") != TIMED_OUT:
        findings.append(f"task {key}: its retry does not break on {TIMED_OUT}")
    if key in ENGINE_COMMANDS:
        findings.append(f"task {key}: has the name of an engine command, which Mistral would run instead")
    unknown = [n for n in _next(task, "on-success") + _next(task, "on-error") if n not in {*tasks, *ENGINE_COMMANDS}]
    findings += [f"task {key}: goes on to {name!r}, which is no task" for name in unknown]
    if "on-complete" in task:
        findings.append(f"task {key}: on-complete does not replace the default on-error; name both")
    return findings + _call_findings(key, task.get("input", {}))


def _call_findings(key: str, call: Task) -> list[str]:
    try:
        step = find(call.get("function", ""))
        step.input.model_validate(call.get("input", {}))
    except StepInvalid as error:
        return [f"task {key}: {error.message}"]
    except ValidationError as error:
        return [f"task {key}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    return []


def _path_findings(name: str, tasks: dict[str, Task]) -> list[str]:
    findings = []
    if name not in operation.names():
        findings.append(f"{name} is no operation: there is no module functions.operations.{name}")
    first = next(iter(tasks))
    forward = _walk(tasks, first, ("on-success",))
    if len(forward) > FORWARD_TASKS:
        findings.append(f"{len(forward)} tasks on the way to success; at most {FORWARD_TASKS}")
    ends = [key for key in forward if not _next(tasks[key], "on-success")]
    if len(ends) != 1:
        findings.append(f"the way to success must have one end, not {len(ends)}")
    for key in forward:
        if [_function(tasks[n]) for n in _next(tasks[key], "on-error") if n in tasks] != ["record.abort"]:
            findings.append(f"task {key}: its on-error must lead to record.abort")
    return findings + _undoing_findings(tasks, set(forward))


def _undoing_findings(tasks: dict[str, Task], forward: set[str]) -> list[str]:
    findings = []
    for key in tasks.keys() - forward:
        step = find(_function(tasks[key]))
        if not step.compensation:
            findings.append(f"task {key}: {step.name} is no compensation, it does not run while undoing")
        reached = _walk(tasks, key, ("on-success", "on-error"))
        if "record.fail" not in {_function(tasks[n]) for n in reached}:
            findings.append(f"task {key}: does not lead to record.fail")
    reachable = _walk(tasks, next(iter(tasks)), ("on-success", "on-error"))
    return findings + [f"task {key}: is never reached" for key in tasks.keys() - set(reachable)]


def _next(task: Task, clause: str) -> list[str]:
    following = task.get(clause) or []
    return [following] if isinstance(following, str) else list(following)


def _walk(tasks: dict[str, Task], start: str, clauses: tuple[str, ...]) -> list[str]:
    seen: list[str] = []
    waiting = [start]
    while waiting:
        key = waiting.pop()
        if key in tasks and key not in seen:
            seen.append(key)
            waiting += [following for clause in clauses for following in _next(tasks[key], clause)]
    return seen


def _function(task: Task) -> str:
    return str(task.get("input", {}).get("function", ""))


def main() -> int:
    """Print the findings of all workflows; return the exit status."""
    findings = [finding for path in [*operation_files(), *TIMED] for finding in lint(path)]
    missing = set(operation.names()) - {path.stem for path in operation_files()}
    findings += [f"the operation {name} has no workflow" for name in sorted(missing)]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
