"""The workflow linter passes our workflows and finds each fault that it is for."""

from pathlib import Path

import pytest
import yaml

from functions.framework import operation as operation_kinds
from functions.framework.operation import find
from workflows import TIMED, operation_files
from workflows.compile import stale
from workflows.lint import lint

GOOD = next(path for path in operation_files() if path.stem == "backup_create")


@pytest.mark.parametrize("path", [*operation_files(), *TIMED], ids=lambda path: path.stem)
def test_our_workflows_are_clean(path: Path) -> None:
    assert lint(path) == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"prepare_backup": {"input": {"function": "backup.nothing"}}}, "no step 'backup.nothing'"),
        (
            {"run_backup": {"input": {"function": "job.run", "input": {"action": "fly"}}}},
            "task run_backup: action",
        ),
        ({"run_backup": {"input": {"function": "job.run", "input": {"extra": 1}}}}, "extra"),
        ({"run_backup": {"on-error": ["record_failure"]}}, "its on-error must lead to record.abort"),
        ({"run_backup": {"on-success": ["nowhere"]}}, "goes on to 'nowhere', which is no task"),
        ({"run_backup": {"on-complete": ["await_backup"]}}, "on-complete does not replace"),
        ({"commit_backup": {"on-success": ["prepare_backup"]}}, "the way to success must have one end, not 0"),
        ({"remove_backup": {"input": {"function": "backup.commit"}}}, "is no compensation"),
        ({"fail": {"input": {"function": "record.fail"}}}, "has the name of an engine command"),
        ({"run_backup": {"retry": {"count": 1, "delay": 1}}}, "task run_backup: its retry does not break on"),
        ({"lonely": {"input": {"function": "record.fail"}}}, "task lonely: is never reached"),
        ({"prepare_backup": {"action": "std.http"}}, "its action must be trove.call"),
    ],
)
def test_a_fault_is_found(tmp_path: Path, change: dict[str, dict[str, object]], finding: str) -> None:
    document = yaml.safe_load(GOOD.read_text())
    for task, changes in change.items():
        tasks = document["backup_create"]["tasks"]
        tasks[task] = {"action": "trove.call", **tasks.get(task, {}), **changes}
    path = tmp_path / GOOD.name
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    assert any(finding in found for found in lint(path)), lint(path)


@pytest.mark.parametrize("policy", ["timeout", "safe-rerun", "fail-on", "on-error"])
def test_every_task_needs_its_policies(tmp_path: Path, policy: str) -> None:
    document = yaml.safe_load(GOOD.read_text())
    del document["backup_create"]["task-defaults"][policy]
    path = tmp_path / GOOD.name
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    assert f"backup_create.yaml: task prepare_backup: has no {policy}" in lint(path)


def test_the_file_names_the_workflow(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(GOOD.read_text())
    assert lint(path) == ["other.yaml: must define the workflow 'other', named as the file"]


def test_each_workflow_is_what_its_plan_says() -> None:
    assert list(stale()) == []


@pytest.mark.parametrize("name", operation_kinds.names())
def test_a_plan_is_whole(name: str) -> None:
    """Task names are the workflow's keys, and the steps of one plan are known by their calls."""
    kind = find(name)
    names = [task.name for task in (*kind.plan, *kind.undoing)]
    calls = [(task.step, *task.input.values()) for task in kind.plan]
    assert len(set(names)) == len(names)
    assert len(set(calls)) == len(calls)
