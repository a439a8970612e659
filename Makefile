# Two commands for a newcomer: `make demo` and `make test`. Both set up what they need.

FITS = import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c '$(FITS)' >/dev/null 2>&1 && { echo "$$p"; break; }; done)
NO_PYTHON = Python 3.11 or newer with venv and ensurepip is needed (Debian: apt install python3-venv); PYTHON=/its/path names one
INSTALL = "$(or $(PYTHON),$(error $(NO_PYTHON)))" setup/install.py
UV ?= uv
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.PHONY: demo test check format setup servers unseen audit locks clean

demo: setup  ## Set up, then make a small data set from the servers of mcp.json
	rm -rf runs/demo
	.venv/bin/toolweave run --mcp mcp.json --out runs/demo -n 24 --seed 7

test:  ## Set up, then run every check
	$(INSTALL) run dev legacy node browser
	$(MAKE) check

check:  ## Every check, on an environment that is there
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/pyright
	.venv/bin/lint-imports
	.venv/bin/python -m pytest --numprocesses 2 --dist loadfile

format:  ## Rewrite the code as the checks want it
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

setup:  ## Toolweave in .venv and the servers of mcp.json
	$(INSTALL) run legacy

servers:  ## All third-party servers that mcp.json and the tests use
	$(INSTALL) run legacy node

unseen:  ## The servers of examples/unseen.mcp.json
	$(INSTALL) run unseen node

audit:  ## Known vulnerabilities in all locks; fails where the advisories cannot be reached, as it cannot tell then
	$(INSTALL) audit
	@for lock in run dev legacy unseen audit; do echo "requirements/$$lock.txt"; \
		.servers/audit/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off \
			-r requirements/$$lock.txt || { echo "audit: vulnerable, or not to be told here"; exit 1; }; done
	npm audit --prefix requirements/node --package-lock-only

locks:  ## Renew requirements/*.txt; needs uv
	$(COMPILE) pyproject.toml requirements/build.in --extra servers -o requirements/run.txt
	$(COMPILE) pyproject.toml requirements/build.in requirements/dev.in --extra servers --extra dev -c requirements/run.txt -o requirements/dev.txt
	$(COMPILE) requirements/legacy.in -o requirements/legacy.txt
	$(COMPILE) requirements/unseen.in -o requirements/unseen.txt
	$(COMPILE) requirements/audit.in -o requirements/audit.txt

clean:  ## Remove everything that set-up and runs have made
	rm -rf .venv .servers runs build dist *.egg-info
