#!/usr/bin/env bash
# Renders the documentation to site/, with navigation and search: npm run site. Needs Python and PyPI.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=.venv/site
[ -x "$tools/bin/mkdocs" ] || {
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet mkdocs==1.6.1 mkdocs-material==9.8.1
}
# The theme's advertisement of its successor.
export NO_MKDOCS_2_WARNING=1
# The configuration names a function of site_hooks.py.
PYTHONPATH=scripts PYTHONDONTWRITEBYTECODE=1 "$tools/bin/mkdocs" build --strict --quiet
echo "site/index.html"
