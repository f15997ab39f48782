#!/usr/bin/env bash
# For each recording of a segments file, the names of its segments: <recording> <segment> <segment> ...
#   segments_to_spk2utt.sh exp/xvectors/segments > exp/xvectors/spk2utt
# Recordings and segments stand in the order in which they first appear; '-' or nothing is standard input.
set -euo pipefail
export LC_ALL=C
. "$(dirname "$0")/parse_options.sh"
(($# <= 1)) || { parse_options_help >&2; exit 2; }

awk '
  NF < 4 { print "segments_to_spk2utt.sh: line " NR ": expected four fields" > "/dev/stderr"; bad = 1; exit 1 }
  { if (!($2 in of)) order[++n] = $2; of[$2] = of[$2] " " $1 }
  END { if (!bad) for (i = 1; i <= n; i++) print order[i] of[order[i]] }' "${1:--}"
