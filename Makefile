VENV ?= .venv
PYTHON ?= python3
export PYTHON
BIN := $(VENV)/bin

.PHONY: help setup demo test check bench
help:
	@echo 'make demo   set up and run the main job: create, fill, back up, restore'
	@echo 'make test   set up and run every check and test'
	@echo 'make check  format, lint, types, import rules, workflow lint, spec and models in step'
	@echo 'make bench  measure, print the tables'

setup:
	@deploy/setup.sh $(VENV)

demo: setup
	@$(BIN)/trovectl demo
