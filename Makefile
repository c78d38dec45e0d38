# Two commands matter: `make demo` and `make test`. Both set everything up on a fresh machine.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
            $$p -c '' 2>/dev/null && echo $$p && break; done)
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test test-all check format bench clean

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

demo: $(VENV)/.installed  ## the main job on real input; leaves demo/report.html
	$(BIN)/covey demo -o demo

test: $(VENV)/.installed  ## the fast tests, under ten minutes on two cores
	$(BIN)/python -m pytest -q -m 'not slow' -n 2

test-all: $(VENV)/.installed  ## every test
	$(BIN)/python -m pytest -q -n 2

check: $(VENV)/.installed  ## format, lint, types, fast tests
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(MAKE) test

bench: $(VENV)/.installed  ## quality on the sets that COVEY_DATA points to, then the tables
	$(BIN)/python benchmarks/quality.py
	$(BIN)/python benchmarks/tables.py

format: $(VENV)/.installed
	$(BIN)/ruff format src tests benchmarks
	$(BIN)/ruff check --fix src tests benchmarks

clean:
	rm -rf $(VENV) demo .pytest_cache .mypy_cache .ruff_cache
