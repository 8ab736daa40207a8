"""The specification, the generated files and the code agree."""

import ast
import importlib
from pathlib import Path

import openapi_spec_validator
import pytest
import yaml

import functions.entrypoint.resources
from api_spec import generate
from api_spec.routes import operations, parameters
from functions.entrypoint import microversions, models, policy
from functions.entrypoint.errors import FAULTS
from functions.entrypoint.routes import MAXIMUM, ROUTES
from functions.entrypoint.routing import Route

SPECIFICATION = yaml.safe_load(generate.SPECIFICATION.read_text())
OPERATIONS = {(method, path): operation for method, path, operation in operations(SPECIFICATION)}


def test_specification_is_valid_openapi() -> None:
    openapi_spec_validator.validate(SPECIFICATION)


def test_generated_files_are_in_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check"]) == 0, capsys.readouterr().err


def test_every_operation_has_a_route() -> None:
    assert {(route.method, route.template) for route in ROUTES} == set(OPERATIONS)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation_id)
def test_every_route_has_a_function_and_its_models(route: Route) -> None:
    resource, _, verb = route.operation_id.partition(".")
    module = Path(functions.entrypoint.resources.__path__[0]) / f"{resource}.py"
    assert verb in _handled_verbs(module)
    for name in filter(None, (route.body, route.query)):
        assert hasattr(models, name)


def test_every_function_of_a_resource_has_a_route() -> None:
    routed = {route.operation_id for route in ROUTES}
    handled = set()
    for module in Path(functions.entrypoint.resources.__path__[0]).glob("*.py"):
        handled |= {f"{module.stem}.{verb}" for verb in _handled_verbs(module)}
    assert handled == routed


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation_id)
def test_operation_ids_policies_and_security_go_together(route: Route) -> None:
    operation = OPERATIONS[route.method, route.template]
    public = operation.get("security") == []
    assert public == (route.policy is None)
    rules = {rule.name for rule in policy.list_rules()}
    assert public or route.policy in rules
    assert operation["operationId"].partition(".")[0] in {tag["name"] for tag in SPECIFICATION["tags"]}


def test_every_rule_is_used() -> None:
    used = {route.policy for route in ROUTES if route.policy} | {"context_is_admin"}
    used |= {*policy.ADMIN_RULES, *policy.ACTION_RULES}
    assert {rule.name for rule in policy.list_rules()} == used


def test_every_fault_of_the_specification_is_one_that_is_sent() -> None:
    sent = dict(FAULTS.values())
    for key, operation in OPERATIONS.items():
        for code in operation["responses"]:
            assert int(code) < 400 or int(code) in sent, key


def test_every_project_operation_names_the_faults_that_any_of_them_can_have() -> None:
    for key, operation in OPERATIONS.items():
        if operation.get("security") != []:
            assert {"401", "403", "406", "503"} <= set(operation["responses"]), key
        if "requestBody" in operation:
            assert {"400", "413", "415"} <= set(operation["responses"]), key


def test_every_project_operation_can_be_rate_limited() -> None:
    for key, operation in OPERATIONS.items():
        assert operation.get("security") == [] or "413" in operation["responses"], key


def test_every_mutating_operation_can_be_repeated_under_a_key() -> None:
    for (method, path), operation in OPERATIONS.items():
        if method != "GET":
            names = {parameter["name"] for parameter in parameters(SPECIFICATION, path, operation)}
            assert "Idempotency-Key" in names, (method, path)
            assert {"400", "409", "422"} <= set(operation["responses"]), (method, path)


def test_microversions_of_the_specification_are_served() -> None:
    assert all(microversions.MINIMUM <= route.since <= MAXIMUM for route in ROUTES)


def _handled_verbs(module: Path) -> set[str]:
    for node in ast.parse(module.read_text()).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "HANDLERS":
            handlers = importlib.import_module(f"functions.entrypoint.resources.{module.stem}").HANDLERS
            return set(handlers)
    return set()
