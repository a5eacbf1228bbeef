#!/bin/sh
# Builds the wheel, installs it into an empty environment and runs the demo from there: with the
# versions of requirements.lock, then with the oldest that pyproject.toml allows. The source archive
# has to bring what its own checks read.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$root"
uv build --quiet --wheel --sdist --out-dir "$folder/dist"
wheel=$(ls "$folder"/dist/*.whl)

# Away from the project, whose constraints would hold here as well.
cd "$folder"
uv venv --quiet locked
uv pip install --quiet --python "$folder/locked" --constraint "$root/requirements.lock" \
    "casare-rpa[orchestrator] @ file://$wheel"
locked/bin/casare-rpa --version
for file in share/man/man1/casare-rpa.1 share/bash-completion/completions/casare-rpa \
    share/zsh/site-functions/_casare-rpa share/fish/vendor_completions.d/casare-rpa.fish; do
    [ -s "locked/$file" ] || { echo "the wheel does not bring $file" >&2; exit 1; }
done
locked/bin/casare-rpa demo --folder demo-locked </dev/null
[ -s demo-locked/report.json ]

# The oldest versions have wheels for these Pythons only.
if uv venv --quiet --python '>=3.11,<3.14' oldest; then
    uv pip install --quiet --python "$folder/oldest" --resolution lowest-direct \
        -r "$root/pyproject.toml" --extra orchestrator
    uv pip install --quiet --python "$folder/oldest" --no-deps "$wheel"
    oldest/bin/casare-rpa demo --folder demo-oldest </dev/null
    [ -s demo-oldest/report.json ]
    oldest/bin/casare-rpa nodes list -o yaml >/dev/null
else
    echo "note: no Python from 3.11 to 3.13; the oldest versions are not tried"
fi

mkdir source
tar -xzf dist/*.tar.gz -C source --strip-components 1
locked/bin/python source/scripts/lock.py --check
[ -x source/.ci/run ]
echo "the wheel works"
