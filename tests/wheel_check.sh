#!/bin/sh
# Builds the wheel, installs it where nothing else is, and runs the sample there.
# Only what the wheel itself asks for comes in, at the versions of requirements.txt.
# The table must be that of `make demo`, byte for byte.
set -eu
cd "$(dirname "$0")/.."

root=$(pwd -P)
work=$root/out/wheel
rm -rf "$work"
mkdir -p "$work/elsewhere"

.venv/bin/python -m build --no-isolation --outdir "$work" . >"$work/build.log" 2>&1 || {
  cat "$work/build.log" >&2
  exit 1
}
set -- "$work"/*.whl

# A constraint with hashes would want one for the wheel's own requirements too, which have none.
sed -n 's/^\([a-z0-9].*[^ ]\) \\$/\1/p' requirements.txt >"$work/constraints.txt"

.venv/bin/python -m venv "$work/venv"
python=$work/venv/bin/python
# What is not imported need not be compiled: half of the time of an installation.
"$python" -m pip --quiet --disable-pip-version-check install --no-compile \
  --only-binary :all: --constraint "$work/constraints.txt" "$1"
"$python" -m pip --disable-pip-version-check check >"$work/pip-check.log" || {
  cat "$work/pip-check.log" >&2
  exit 1
}

# Out of the source tree: from here on only the wheel can answer.
cd "$work/elsewhere"
export STEMGEO_CACHE="$work/elsewhere/cache"
stemgeo=$work/venv/bin/stemgeo
"$python" -c 'import stemgeo, sys; sys.exit(not stemgeo.__file__.startswith(sys.prefix))' || {
  echo "the environment runs the source tree, not the wheel" >&2
  exit 1
}
"$stemgeo" sample study
"$stemgeo" run study --out result >/dev/null
cmp result/tables/coverage.csv "$root/out/demo/tables/coverage.csv"
rm -rf "$work/venv"
echo "wheel: the sample runs in an empty environment and gives the demo's table"
