# shellcheck shell=bash
# Sourced by run.sh: how jobs are run. run.sh (of utils/) runs them on this machine; on a cluster put
# here, for example, cmd="queue.pl --mem 2G". `--cmd "run.sh --resume"` keeps what succeeded before.
export cmd=run.sh
