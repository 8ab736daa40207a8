VENV ?= .venv
PYTHON ?= python3
export PYTHON
BIN := $(VENV)/bin

.PHONY: help setup demo docs pictures test check format bench fuzz soak failover
help:
	@echo 'make demo    set up and run the main job: create, fill, back up, restore'
	@echo 'make test    set up and run every check and test'
	@echo 'make docs    build the site (guide, API reference, decisions) in build/site; every link is checked'
	@echo 'make check   format, lint, types, import rules, workflows, spec and models in step'
	@echo 'make format  write formatted code, and what is generated from the spec and the plans'
	@echo 'make bench   measure, print the tables and draw them beside the recorded run; RECORD=1 records the run'
	@echo 'make pictures  run the demonstration on a terminal and draw the session: docs/figures/demo.svg'
	@echo 'make soak    random operations of writing tenants, 20 minutes (TROVE_SOAK_MINUTES)'
	@echo 'make failover  random faults of groups whose failover is automatic, N=50 for each database'
	@echo 'make fuzz    more than 10,000 generated requests against the specification'

setup:
	@deploy/setup.sh $(VENV)

demo: setup
	@$(BIN)/trovectl demo

docs: setup
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[docs]'
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@deploy/docs/mermaid.sh build/site/assets/mermaid.min.js
	@echo 'built: build/site/index.html'

pictures: setup
	@$(BIN)/python -m deploy.docs.session

test: check
	@$(BIN)/pytest tests --ignore tests/bench --ignore tests/soak --ignore tests/failover --numprocesses 2 --no-loadscope-reorder

check: setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m workflows.compile --check
	$(BIN)/python -m workflows.lint
	$(BIN)/python -m api_spec.generate --check
	$(BIN)/python -m deploy.docs.layers --check
	$(BIN)/python -m deploy.docs.bench --check
	$(BIN)/python -m deploy.docs.untyped

format: setup
	$(BIN)/python -m api_spec.generate
	$(BIN)/python -m workflows.compile
	$(BIN)/python -m deploy.docs.layers
	$(BIN)/python -m deploy.docs.bench
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

bench: setup
	@TROVE_BENCH_RECORD=$(RECORD) $(BIN)/pytest tests/bench -s -q

soak: setup
	@$(BIN)/pytest tests/soak -s -q

failover: setup
	@TROVE_FAILOVERS=$(or $(N),50) $(BIN)/pytest tests/failover -q

fuzz: setup
	@TROVE_FUZZ_EXAMPLES=100 $(BIN)/pytest tests/api/test_schemathesis.py -q
