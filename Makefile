# 12345 政务服务便民热线。目标都是动作，不是文件：项目路径里可以有空格和中文。
# The recipes run in this folder; PYTHON=… names the interpreter that makes the environments.
.PHONY: help setup setup-test run test proof lint bench clean
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh

# The first interpreter that really runs and is new enough; a pyenv shim may exist and fail.
CANDIDATES = python3.11 python3.12 python3.13 python3.14 python3 python \
	/usr/bin/python3 /usr/local/bin/python3
define BOOTSTRAP
found=; \
for python in $${PYTHON:+"$$PYTHON"} $(CANDIDATES) "$$HOME"/.pyenv/versions/3.1[1-9].*/bin/python3; do \
	if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
		found=$$python; break; \
	fi; \
done; \
if [ -z "$$found" ]; then \
	echo '错误：没有找到 Python 3.11 或更新版本，请安装后重试，或用 PYTHON=路径 指明' >&2; exit 1; \
fi; \
exec "$$found" service/environments.py
endef
export PYTHON

help:
	@echo 'make setup   建立两套 Python 环境（.venv 与 .venv-assistant）'
	@echo 'make run     一条命令启动整条热线；按 Ctrl-C 停止'
	@echo 'make test    运行全部测试（含真实浏览器）'
	@echo 'make proof   全新克隆、两份并存、普通用户、各杀十次等验证（约二十分钟）'
	@echo 'make lint    格式、静态检查、类型、分层'
	@echo 'make bench   每秒轮数与时延'
	@echo 'make clean   删除环境、数据和缓存（数据会丢失）'
	@echo
	@echo '设置来自环境变量或 .env：HOTLINE_PORT、HOTLINE_DATA_DIR、HOTLINE_PYTHON310、DATABASE_URL …'

setup:
	@$(BOOTSTRAP) setup

setup-test:
	@$(BOOTSTRAP) setup --test

run: setup
	@exec .venv/bin/hotline run

test: setup-test
	@browser=$$(.venv/bin/python service/environments.py browser) && echo "· Chromium：$$browser"
	@exec .venv/bin/python -m pytest -m 'not proof'

proof: setup-test
	@exec .venv/bin/python -m pytest -m proof

lint: setup-test
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/mypy --python-version 3.10 --strict -p language -p bot.components
	.venv/bin/lint-imports

bench: setup
	@exec .venv/bin/hotline bench turns

clean:
	@$(BOOTSTRAP) clean
