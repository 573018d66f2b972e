# The two commands that matter: `make deck` builds the Anki packages, `make test` runs what CI runs.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif

.PHONY: deck test test-lowest site vscode format preview clean

deck: .venv/installed
	$(BIN)/cards build

test: .venv/installed-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/cards check
	$(BIN)/cards build
	$(BIN)/pytest

# All tests with the lowest versions of dependencies that pyproject.toml allows, on PYTHON. Needs uv.
test-lowest:
	uv venv --quiet --clear --python $(PYTHON) build/lowest
	uv pip install --quiet --python build/lowest --resolution lowest-direct --editable '.[anki,exam,optimize,test]'
	$(subst .venv,build/lowest,$(BIN))/python -m pytest

# The pages in docs/ as a site, in build/site/html; it works without a server.
site: .venv/installed-dev
	$(BIN)/python docs/site/build_site.py

# The extension for VS Code. It needs Node.js 20 or later.
vscode: .venv/installed-dev
	cd editors/vscode && npm ci --prefer-offline && npm run check && npm test
	$(BIN)/python editors/vscode/pack.py

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
