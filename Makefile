# The two commands that matter: `make deck` builds the Anki packages, `make test` runs what CI runs.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif

.PHONY: deck test test-lowest format preview clean

deck: .venv/installed
	$(BIN)/cards build

test: .venv/installed-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/cards check
	$(BIN)/cards build
	$(BIN)/pytest

# The lowest versions of all dependencies that pyproject.toml allows. Needs uv; takes longer than `make test`.
# Only the newest Anki has all that these files compare with.
test-lowest:
	uv venv --quiet --clear --python $(PYTHON) build/lowest
	uv pip install --quiet --python build/lowest --resolution lowest-direct --editable '.[anki,exam,optimize,test]'
	uv run --no-project --python build/lowest pytest $(NEWEST_ANKI:%=--ignore=%)

format: .venv/installed-dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

preview: .venv/installed
	$(BIN)/cards preview

clean:
	rm -rf .venv build

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[exam,optimize]'
	$(BIN)/python -m compileall -q src
	touch $@

.venv/installed-dev: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/python -m compileall -q src
	touch $@ .venv/installed
