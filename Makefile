PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PYTEST_FLAGS ?=

# Real programs are waited for more than they work, so their tests run beside the others. Those of one kind share
# loopback addresses, and run one after the other.
define side-by-side
	mkdir -p .tests
	{ $(BIN)/pytest -m "real and $(1)" $(PYTEST_FLAGS); echo $$? > .tests/status; } > .tests/real 2>&1 & real=$$!; \
	$(BIN)/pytest -n 2 --dist worksteal -m "not real and $(1)" $(PYTEST_FLAGS); others=$$?; \
	wait $$real; cat .tests/real; exit $$((others + $$(cat .tests/status)))
endef

.PHONY: docs run test test-long swarm lint types imports format bench clean

run: $(VENV)/.installed
	$(BIN)/monerosim run scenarios/quickstart.toml

# It fails if fewer than nine of ten lines and branches were taken. Tests with real programs wait more than they work; they
# share loopback addresses, so they run one after the other, all but conformance, which has ports of its own.
test: export MONEROSIM_COVERAGE = $(CURDIR)/.coverage
test: $(VENV)/.installed-dev
	rm -rf .coverage && mkdir .coverage
	$(call side-by-side,not long)
	$(BIN)/slipcover --merge .coverage/*.json --out .coverage/all --branch --skip-covered --fail-under 90

test-long: $(VENV)/.installed-dev
	$(call side-by-side,long)

swarm: $(VENV)/.installed-dev
	$(BIN)/monerosim swarm --seeds 1..100

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: $(VENV)/.installed-dev
	$(BIN)/mypy

# The layers of the packages, and every import that runs up or closes a cycle; fails if there is one.
imports: $(VENV)/.installed-dev
	$(BIN)/python tools/imports.py

# The documentation as a site that loads nothing from elsewhere: site/index.html.
docs: $(VENV)/.installed-dev
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going docs site

format: $(VENV)/.installed-dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(VENV)/.installed-dev
	$(BIN)/python tools/bench.py

clean:
	rm -rf site $(VENV) .mypy_cache .ruff_cache .pytest_cache .coverage .tests

# An editable install: what is edited in the checkout is what runs.
$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[report]'
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@
