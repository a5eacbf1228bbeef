# `make` runs every check that the gate runs; `make help` lists the rest.
.DEFAULT_GOAL := check
RUN := uv run --quiet

.PHONY: check format lint types layers generated pins test wheel bench generate lock help

check: lint types layers pins generated test wheel ## every check, as the gate runs them

format: ## format and mend what a machine can mend
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

lint:
	$(RUN) ruff format --check .
	$(RUN) ruff check .

types:
	$(RUN) mypy

layers: ## imports point down only
	$(RUN) lint-imports

pins: ## requirements.lock and the constraints agree
	$(RUN) python scripts/lock.py --check

generated: ## man pages, completions and generated docs are fresh
	$(RUN) python scripts/generate.py --check

test: ## the tests
	uv run pytest

wheel: ## the built wheel runs the demo in an empty environment
	sh scripts/check_wheel.sh

bench: ## speed, as ratios within one run
	$(RUN) python benchmarks/run.py

generate: ## write man pages, completions and generated docs
	$(RUN) python scripts/generate.py

lock: ## take in newer versions of the dependencies
	$(RUN) python scripts/lock.py

help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'
