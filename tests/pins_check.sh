#!/bin/sh
# Asks, for each Python that pyproject.toml names and each kind of machine that docs/install.md
# names, whether every pin of requirements.txt has a wheel with a hash that is listed. Nothing is
# installed; the registry is asked by uv, so that without a network this fails and says so.
set -eu
cd "$(dirname "$0")/.."

export MACOSX_DEPLOYMENT_TARGET=15.0 # the oldest macOS that has a wheel of each
pythons=$(sed -n 's/.*"Programming Language :: Python :: \(3\.[0-9]*\)".*/\1/p' pyproject.toml)
machines="x86_64-manylinux_2_28 aarch64-manylinux_2_28 aarch64-apple-darwin x86_64-pc-windows-msvc"

# shellcheck disable=SC2016 # what the shells of xargs fill in
for python in $pythons; do
  for machine in $machines; do
    echo "$python $machine"
  done
done | xargs -n 2 -P 4 sh -c '
  said=$(.venv/bin/python -m uv pip install --dry-run --quiet --require-hashes --only-binary :all: \
    --python-version "$0" --python-platform "$1" --target out/pins \
    --requirement requirements.txt 2>&1) || {
    printf "Python %s, %s:\n%s\n" "$0" "$1" "$said" >&2
    exit 1
  }'
echo "pins: each has a wheel for Python" $pythons "on" $machines
