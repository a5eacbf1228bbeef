#!/bin/sh
# Builds the wheel, installs it into an empty environment and runs the demo from there.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$root"
uv build --quiet --wheel --out-dir "$folder/dist"
uv venv --quiet "$folder/venv"
wheel=$(ls "$folder"/dist/*.whl)
uv pip install --quiet --python "$folder/venv" --constraint requirements.lock "casare-rpa[orchestrator] @ file://$wheel"
cd "$folder"
bin="$folder/venv/bin"
"$bin/casare-rpa" --version
for file in share/man/man1/casare-rpa.1 share/bash-completion/completions/casare-rpa \
    share/zsh/site-functions/_casare-rpa share/fish/vendor_completions.d/casare-rpa.fish; do
    [ -s "$folder/venv/$file" ] || { echo "the wheel does not bring $file" >&2; exit 1; }
done
"$bin/casare-rpa" demo --folder "$folder/demo" </dev/null
[ -s "$folder/demo/report.json" ]
echo "the wheel works"
