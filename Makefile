# Every target is `python3 -m launcher VERB`, which first makes .venv when it is missing or out of date.
# Extra words for the verb: make test ARGS="tests/customers -x"
PYTHON ?= python3
LAUNCH = @$(PYTHON) -m launcher

.PHONY: help run servers test test-system-pg check acceptance bench soak requirements secrets hooks
.DEFAULT_GOAL := help

# Variables given to make (make run PORT=8001) reach the launcher by themselves.
help:
	@echo "make run           start Connex with demo data; needs Python 3.11 or newer, nothing else"
	@echo "                   (variables: see .env.example, for example make run PORT=8001)"
	@echo "make servers       database and queue of make run alone, for restoring a backup"
	@echo "make test          run every test; finds or installs a browser"
	@echo "make test-system-pg  the tests of the database on an installed PostgreSQL, where there is one"
	@echo "make check         all that is no test: format, types, imports, migrations, deployment"
	@echo "make acceptance    which lines of docs/acceptance.md are proven, by which test"
	@echo "make bench         measure speed; prints ratios to reference pages"
	@echo "make soak          the long loops, a hundred rounds each"
	@echo "make secrets       make the secrets of docker-compose.yml, once"
	@echo "make hooks         check format, style and import contract before each commit, from now on"
	@echo "make requirements  pin requirements.txt anew from pyproject.toml; needs uv"

run servers test test-system-pg check acceptance bench soak requirements:
	$(LAUNCH) $@ $(ARGS)

secrets:
	@$(PYTHON) deploy/make_secrets.py

hooks:
	@test ! -e "$$(git rev-parse --git-path hooks)/pre-commit" || { echo "There is a pre-commit hook already; nothing was changed."; exit 1; }
	@printf '#!/bin/sh\nset -e\n.venv/bin/ruff format --check --quiet .\n.venv/bin/ruff check --quiet .\n.venv/bin/lint-imports >/dev/null || { .venv/bin/lint-imports; exit 1; }\n' \
		> "$$(git rev-parse --git-path hooks)/pre-commit"
	@chmod +x "$$(git rev-parse --git-path hooks)/pre-commit"
	@echo "Each commit is checked from now on; git commit --no-verify goes on without."
