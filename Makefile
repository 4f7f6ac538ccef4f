# Two commands matter: `make demo` and `make test`. `make help` lists the others.
.DEFAULT_GOAL := help
.PHONY: help install demo test check serve gallery seed seed-transactions bench bench-page bench-lists bench-transactions \
	bench-expiry torture flaky simulate clean
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## What can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

.venv/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("kvitt needs Python 3.11 or newer; set PYTHON=python3.x" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable .
	@touch $@

.venv/installed-tests: .venv/installed
	$(BIN)/pip install --quiet --editable '.[test]'
	@touch $@

.venv/npm/installed: tests/npm/package.json tests/install_npm.sh | .venv/installed
	@sh tests/install_npm.sh .venv/npm
	@touch $@

install: .venv/installed ## Install kvitt into .venv

demo: .venv/installed ## Start kvitt and watch an order go from draft to refunded (ARGS=--once ends after it)
	@$(BIN)/kvitt demo $(ARGS)

serve: .venv/installed ## Start the server
	@$(BIN)/kvitt serve $(ARGS)

check: .venv/installed-tests ## Style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check .venv/npm/installed ## Everything: checks, rules, PostgreSQL, the page in Chromium
	@sh tests/install_browser.sh
	$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

bench: .venv/installed-tests ## The journey under load, against the floor that PostgreSQL sets
	$(BIN)/python -m bench.journey $(ARGS)

bench-page: .venv/installed-tests ## The payment page under load (ARGS=--paint: first paint on a slow connection)
	$(BIN)/python -m bench.page $(ARGS)

seed: .venv/installed-tests ## A shop with many orders (N=1000000): believable, the same for the same seed
	$(BIN)/python -m bench.seed --orders $(or $(N),1000000) $(ARGS)

seed-transactions: .venv/installed-tests ## A shop with many payments (N=1000000), as `seed` makes orders
	$(BIN)/python -m bench.seed --transactions $(or $(N),1000000) $(ARGS)

bench-transactions: .venv/installed-tests ## Every filter of the list of transactions with a million of them (N=1000000)
	$(BIN)/python -m bench.transactions --transactions $(or $(N),1000000) $(ARGS)

bench-lists: .venv/installed-tests ## Lists, search and export with a million orders (N=1000000)
	$(BIN)/python -m bench.lists --orders $(or $(N),1000000) $(ARGS)

bench-expiry: .venv/installed-tests ## Many sessions run out (N=100000) while requests go on
	$(BIN)/python -m bench.expiry --sessions $(or $(N),100000) $(ARGS)

gallery: .venv/installed-tests .venv/npm/installed ## Every state of the payment page as a picture (ARGS="paid declined" for some)
	@sh tests/install_browser.sh
	$(BIN)/python -m tests.hosted.gallery $(ARGS)

torture: .venv/installed-tests ## Kill servers, workers and PostgreSQL under load (N=200) and look for what got lost
	$(BIN)/python -m bench.torture --kills $(or $(N),200) $(ARGS)

flaky: .venv/installed-tests ## A provider that times out and loses its notifications, under load
	$(BIN)/python -m bench.torture.flaky $(ARGS)

simulate: .venv/installed-tests ## Simulated histories (SEEDS=10000) in which all goes wrong that can
	$(BIN)/python -m tests.simulate --seeds $(or $(SEEDS),10000) --jobs 2 $(ARGS)

clean: ## Remove what was installed and built
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
