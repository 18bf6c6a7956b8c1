# Everything a contributor or CI does. Needs Python 3.10 or newer and make; the rest is installed here.

PYTHON ?= python3
BIN := .venv/bin
ENVS := 1.4 2.0 2.1
CODE := sqla_guard tests scripts benchmarks
# Errors only, and never a question.
PIP_FLAGS := -qq --no-input --disable-pip-version-check

.DELETE_ON_ERROR:
.PHONY: help setup envs services lint test demo docs golden quick-is-close same bench linear seeded fuzz races tables oracle lowest clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.ready ## Make .venv with sqla-guard (editable) and the development tools

envs: $(ENVS:%=.envs/sqlalchemy-%/.ready) ## Make .envs/sqlalchemy-1.4, -2.0 and -2.1, which run the samples

services: ## Install PostgreSQL's and MariaDB's servers and a browser where they are missing and may be installed
	@PYTHON="$(PYTHON)" scripts/install-services.sh

lint: setup ## ruff, mypy --strict, and sqla-guard on itself
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/sqla-guard check $(CODE)

test: setup envs services lint ## Set everything up, lint, run all tests: what CI runs
	$(BIN)/pytest

demo: setup .envs/sqlalchemy-2.0/.ready ## Watch a broken app become a running one
	@$(BIN)/python -m scripts.demo

docs: setup ## Build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo 'Serve site/ from anywhere: $(BIN)/python -m http.server -d site'

golden: setup ## Write what the tool says of the sample app into the golden files and the README
	$(BIN)/python -m scripts.golden

quick-is-close: setup ## Compare quick and close reading on every installed package
	QUICK_IS_CLOSE=all $(BIN)/pytest --timeout 1800 tests/test_quick_is_close.py

same: setup ## Compare every way to run a check on every installed package: make same FOLDERS="../other"
	$(BIN)/python -m scripts.same $(FOLDERS)

bench: setup .envs/bench/.ready ## Measure beside other tools: make bench FOLDERS="src ../other"
	$(BIN)/python benchmarks/run.py $(or $(FOLDERS),$(CODE))

seeded: setup ## Put problems into every installed file and mend them; takes hours, or make seeded EVERY=20
	$(BIN)/python -m scripts.seeded --every $(or $(EVERY),1) $(FOLDERS)

linear: setup ## Time regular expressions and readers on hostile input that grows; takes minutes
	$(BIN)/python -m benchmarks.patterns
	$(BIN)/python -m benchmarks.growth

fuzz: .envs/fuzz/.ready ## Look for inputs that break the tool: make fuzz MINUTES=60
	.envs/fuzz/bin/python -m scripts.fuzz $(or $(MINUTES),8)

tables: setup envs .envs/sqlalchemy-1.3/.ready ## Measure anew what SQLAlchemy does with every name; takes minutes
	$(BIN)/python -m scripts.reserved.measure

races: setup ## Race each mended singleton in every order, none left out; takes half an hour
	RACES=all $(BIN)/pytest --timeout 3600 tests/rules/test_lazy_family.py -k in_every_order

oracle: setup envs ## Run every program with a reserved name on the real SQLAlchemy
	ORACLE=all $(BIN)/pytest -rP --timeout 3600 tests/oracle

lowest: .envs/lowest/.ready envs services ## Run the tests on the oldest dependencies that pyproject.toml allows
	.envs/lowest/bin/pytest

clean: ## Remove what make made, and the caches
	rm -rf .venv .envs build dist site .hypothesis .mypy_cache .pytest_cache .ruff_cache .sqla_guard_cache .fuzz
	find $(CODE) fixtures -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp file stands in each environment: it is made last, so an interrupted set-up starts afresh,
# and it is older than its list of versions as soon as that changes.

define fresh_environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo 'Python 3.10 or newer is needed: make PYTHON=/path/to/python3 $(MAKECMDGOALS)' >&2; exit 1; }
	@echo 'Making $(@D)'
	@$(PYTHON) -m venv --clear $(@D)
endef

# $(1): the options that name the exact versions. The build backend goes first and isolation is off:
# an isolated build would fetch a backend that nothing pins.
define install_editable
	@$(@D)/bin/python -m pip install $(PIP_FLAGS) $(1) hatchling editables
	@$(@D)/bin/python -m pip install $(PIP_FLAGS) $(1) --no-build-isolation -e '.[dev]'
endef

.venv/.ready: pyproject.toml constraints.txt
	$(fresh_environment)
	$(call install_editable,-c constraints.txt)
	@touch $@

.envs/lowest/.ready: pyproject.toml constraints.txt constraints/lowest.txt
	$(fresh_environment)
	$(call install_editable,-c constraints.txt)
	@$(@D)/bin/python -m pip install $(PIP_FLAGS) -r constraints/lowest.txt
	@touch $@

# One after the other: what does not install here is left out, and the table says so.
.envs/bench/.ready: constraints/bench.txt
	$(fresh_environment)
	@while read -r tool; do \
		$(@D)/bin/python -m pip install $(PIP_FLAGS) "$$tool" || echo "$$tool does not install here; it is left out"; \
	done < $<
	@touch $@

.envs/fuzz/.ready: pyproject.toml constraints.txt
	$(fresh_environment)
	@$(@D)/bin/python -m pip install $(PIP_FLAGS) -c constraints.txt hatchling editables
	@$(@D)/bin/python -m pip install $(PIP_FLAGS) -c constraints.txt --no-build-isolation -e . pytest
	@$(@D)/bin/python -m pip install $(PIP_FLAGS) atheris || echo 'atheris does not install here; inputs are not guided'
	@touch $@

.envs/sqlalchemy-%/.ready: constraints/sqlalchemy-%.txt constraints/app.txt scripts/make-environment.sh
	@PYTHON="$(PYTHON)" scripts/make-environment.sh $*
