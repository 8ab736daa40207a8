VENV ?= .venv
PYTHON ?= python3
export PYTHON
BIN := $(VENV)/bin

.PHONY: help setup demo test check format bench fuzz soak
help:
	@echo 'make demo    set up and run the main job: create, fill, back up, restore'
	@echo 'make test    set up and run every check and test'
	@echo 'make check   format, lint, types, import rules, workflows, spec and models in step'
	@echo 'make format  write formatted code, and what is generated from the spec and the plans'
	@echo 'make bench   measure and print the tables'
	@echo 'make soak    random operations of writing tenants, 20 minutes (TROVE_SOAK_MINUTES)'
	@echo 'make fuzz    more than 10,000 generated requests against the specification'

setup:
	@deploy/setup.sh $(VENV)

demo: setup
	@$(BIN)/trovectl demo

test: check
	@$(BIN)/pytest tests --ignore tests/bench --ignore tests/soak --numprocesses 2 --no-loadscope-reorder

check: setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m workflows.compile --check
	$(BIN)/python -m workflows.lint
	$(BIN)/python -m api_spec.generate --check

format: setup
	$(BIN)/python -m api_spec.generate
	$(BIN)/python -m workflows.compile
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

bench: setup
	@$(BIN)/pytest tests/bench -s -q

soak: setup
	@$(BIN)/pytest tests/soak -s -q

fuzz: setup
	@TROVE_FUZZ_EXAMPLES=100 $(BIN)/pytest tests/api/test_schemathesis.py -q
