#!/usr/bin/env bash
# Installs what notebooks/00-quickstart.ipynb needs: no Spark and no Java, so that it fits into 2 GB.
# PYTHON names the Python to install into; Binder's own when not set.
set -eu
cd "$(dirname "$0")/.."
python="${PYTHON:-python}"
"$python" -m pip install --no-cache-dir --quiet --constraint constraints.txt '.[polars,duckdb]' ipykernel
"$python" -c 'import jupyter_wayang'
