#!/bin/sh
# Installs the wheel that wheel_check.sh built as colleagues do: with `uv tool install` and with
# `pipx install`, each in a home of its own, where nothing else is. Of the sample a province runs
# there, whose municipalities have the figures that `make demo` gives, and nothing is written but
# what was asked for, the tool's own folders and caches.
set -eu
cd "$(dirname "$0")/.."

root=$(pwd -P)
wheel=$(echo "$root"/out/wheel/*.whl)
pins=$root/out/wheel/constraints.txt
python=$root/.venv/bin/python
UV_CACHE_DIR=$("$python" -m uv cache dir) # what was downloaded before serves again
PIP_CACHE_DIR=$("$python" -m pip cache dir)
export UV_CACHE_DIR PIP_CACHE_DIR

install_by_uv() {
  export UV_TOOL_DIR="$HOME/tools" UV_TOOL_BIN_DIR="$HOME/bin"
  "$python" -m uv tool install --quiet --no-build --python "$python" --constraints "$pins" "$wheel"
}

install_by_pipx() {
  export PIPX_HOME="$HOME/tools" PIPX_BIN_DIR="$HOME/bin" PIPX_MAN_DIR="$HOME/man"
  export PIPX_COMPLETION_DIR="$HOME/completion"
  "$python" -m pipx install --quiet --python "$python" \
    --pip-args "--no-compile --only-binary :all: --constraint '$pins'" "$wheel" >/dev/null
}

# The rows of the municipalities of Limburg, whose codes begin with a 7.
take_limburg() {
  grep '^municipality,7' "$1/tables/coverage.csv"
}

# Runs the sample in the home that the command was installed in, and looks around.
run_there() {
  (
    mkdir -p "$HOME/elsewhere" && cd "$HOME/elsewhere"
    unset STEMGEO_CACHE XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME
    PATH="$HOME/bin:$PATH"
    "$HOME/bin/stemgeo" doctor >doctor.txt || {
      cat doctor.txt >&2
      exit 1
    }
    "$HOME/bin/stemgeo" sample study
    awk '{ print } /^\[study\]$/ { print "area = \"provincie Limburg\"" }' study/study.toml >limburg.toml
    mv limburg.toml study/study.toml
    "$HOME/bin/stemgeo" run study --out result >/dev/null
    take_limburg "$root/out/demo" >expected
    take_limburg result | cmp - expected
    rm expected
    found=$(cd "$HOME" && find . -mindepth 1 -maxdepth 2 | sort |
      grep -Ev '^\./(tools|bin|man|completion|\.cache|\.config|\.local)(/|$)' |
      tr '\n' ' ')
    expected="./elsewhere ./elsewhere/doctor.txt ./elsewhere/result ./elsewhere/study "
    [ "$found" = "$expected" ] || {
      echo "written where nobody asked: $found" >&2
      exit 1
    }
    kept=$(find "$HOME/.cache" -mindepth 1 -maxdepth 1 -exec basename {} \; | sort | tr '\n' ' ')
    case $kept in
    *stemgeo*) ;;
    *)
      echo "no cache of its own in the home: $kept" >&2
      exit 1
      ;;
    esac
  )
}

for tool in uv pipx; do
  HOME=$root/out/wheel/$tool
  export HOME
  rm -rf "$HOME"
  mkdir -p "$HOME"
  "install_by_$tool"
  run_there
  rm -rf "$HOME"
  echo "wheel: installed by $tool, the sample gives the demo's figures, and nothing is written elsewhere"
done
