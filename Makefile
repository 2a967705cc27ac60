# make demo   the service with the example ledger, on an embedded Postgres
# make run    the same service with whatever its data directory holds
# make test   the whole test suite
# make check  style, types, generated documents, and the rules of row security
# make proof  what the suite tries a fixed share of, whole; goes on where it was stopped
# make chaos  faults while clerks write (ROUNDS=20 SEED=1): what was lost, doubled, told; goes on where it was stopped
#             FAULT=patroni: the primary of three Postgres is lost, before two services (Debian's patroni and etcd)
# make trace  the files a PATCH and an import run through, and those to read first
# Each first installs what it needs into .venv: with pip alone, every file checked by its hash.

SHELL := /bin/sh
PYTHON ?= python3
UV ?= uv
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all:
LOCK := $(UV) pip compile pyproject.toml --quiet --generate-hashes --no-header --no-emit-index-url \
  --no-emit-find-links --no-annotate
# Chinese stays Chinese, also where no locale is set.
export PYTHONUTF8 := 1
# What is compiled once is kept: the service and its tests start many processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo run test check bench proof chaos trace docs lock released

help:
	@sed -n 's/^# make/make/p' Makefile

demo: .venv/.installed
	@exec $(BIN)/python -m app demo

run: .venv/.installed
	@exec $(BIN)/python -m app serve

test: .venv/.installed-dev
	$(BIN)/python -m pytest -n auto --dist worksteal # whole stretches to each process: what a file sets up is set up once

check: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m app docs --check
	$(BIN)/python -m pytest -n0 tests/security/test_definer_functions.py tests/security/test_row_security_lint.py

bench: .venv/.installed-dev
	$(BIN)/python -m benchmarks

proof: .venv/.installed-dev
	LEDGER_PROOF=whole $(BIN)/python -m pytest -n 0 -s --timeout 0 -m "proof or share"

ROUNDS ?= 20
SEED ?= 1
FAULT ?=
chaos: .venv/.installed-dev
	$(BIN)/python -m tests.chaos --rounds $(ROUNDS) --seed $(SEED) --only "$(FAULT)"

trace: .venv/.installed-dev
	$(BIN)/python -m tests.support.trace

docs: .venv/.installed
	$(BIN)/python -m app docs

# At a release: what callers know from now on (docs/api-changes.md), and rows for the migrations to come to be walked with.
released: .venv/.installed-dev
	$(BIN)/python -m tests.support.interface
	$(BIN)/python -m tests.migrate.kept

# The versions of pyproject.toml with all they bring: for the image, for trying, for developing. Needs uv.
lock:
	$(LOCK) --output-file requirements-image.lock
	$(LOCK) --extra embedded --output-file requirements.lock
	$(LOCK) --extra embedded --group dev --output-file requirements-dev.lock

.venv/.installed: requirements.lock $(BIN)/python
	@echo "正在安装依赖…… / Installing …"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@$(PIP) -r requirements.lock
	@touch $@

.venv/.installed-dev: requirements-dev.lock $(BIN)/python
	@echo "正在安装依赖和测试工具…… / Installing, with the tools of the tests …"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@$(PIP) -r requirements-dev.lock
	@touch $@ .venv/.installed

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "没有找到 $(PYTHON)：请安装 Python 3.11 或更新的版本（Debian：apt install python3 python3-venv）。"; \
	  echo "There is no $(PYTHON): install Python 3.11 or newer (Debian: apt install python3 python3-venv)."; \
	  exit 1; } >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) 太旧，需要 3.11 或更新的版本，可用 make PYTHON=… 指定。"; \
	  echo "$(PYTHON) is too old: 3.11 or newer is needed; name it with make PYTHON=…"; \
	  exit 1; } >&2
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) 缺少 venv 或 ensurepip：请安装 python3-venv（Debian：apt install python3-venv）。"; \
	  echo "$(PYTHON) lacks venv or ensurepip: install python3-venv (Debian: apt install python3-venv)."; \
	  exit 1; } >&2
	@$(PYTHON) -m venv --clear .venv
