# `make` runs every check that the gate runs; `make help` lists the rest.
.DEFAULT_GOAL := check
RUN := uv run --quiet

.PHONY: check format lint types layers generated tour pins test faults faults-mutants wheel bench generate lock help

check: lint types layers pins generated tour test wheel ## every check, as the gate runs them

format: ## format and mend what a machine can mend
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

lint:
	$(RUN) ruff format --check .
	$(RUN) ruff check .

types: ## on this system, and those of the programs on Windows and macOS
	$(RUN) mypy
	$(RUN) mypy --platform win32 --cache-dir .mypy_cache/win32 agent casare_rpa casare_cli
	$(RUN) mypy --platform darwin --cache-dir .mypy_cache/darwin agent casare_rpa casare_cli

layers: ## imports point down only
	$(RUN) lint-imports

pins: ## requirements.lock and the constraints agree
	$(RUN) python scripts/lock.py --check

generated: ## man pages, completions and generated docs are fresh
	$(RUN) python scripts/generate.py --check

tour: ## the tour shows what its commands print; scripts/tour.py writes it
	$(RUN) python scripts/tour.py --check

test: ## the tests
	uv run pytest

wheel: ## the built wheel runs the demo in empty environments, with the newest and the oldest versions
	sh scripts/check_wheel.sh

faults: ## every fault in its long form, a JSON report in faults.json; FAULTS="--quick --only F7"
	$(RUN) python -m tests.faults --database both --report faults.json $(FAULTS)

faults-mutants: ## every guard of the protocol removed, one by one: does a test notice?
	$(RUN) python -m tests.faults.mutants --report mutants.json $(MUTANTS)

bench: ## speed, as ratios within one run
	$(RUN) python benchmarks/run.py

generate: ## write man pages, completions and generated docs
	$(RUN) python scripts/generate.py

lock: ## take in newer versions of the dependencies
	$(RUN) python scripts/lock.py

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'
