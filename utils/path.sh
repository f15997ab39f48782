# shellcheck shell=bash
# Sourced by the path.sh of every recipe: the tools and the library of this checkout, ahead of what is installed.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [[ -z ${VIRTUAL_ENV-} && -d $root/.venv/bin ]]; then # made by `make install`
  PATH=$root/.venv/bin:$PATH
fi
export PATH=$root/bin:$root/steps:$root/utils:$root/local:$PATH
export PYTHONPATH=$root
export DIARKIT_PIPES=1 # commands in the scp files of a recipe may run
export LC_ALL=C
