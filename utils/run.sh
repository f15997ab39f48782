#!/usr/bin/env bash
# Run a command, or an array of them, on this machine and wait. The call form is that of Kaldi's run.pl.
#   run.sh [options] [JOB=1:8] log/x.JOB.log command args ... \| command2 args ... \> output.JOB
# Options, before or after JOB=:
#   --max-jobs-run N  how many jobs at once (-tc N is the same); as many as there are cores, if not given
#   --num-threads N   threads of one job, 1 if not given (OMP_NUM_THREADS, unless the environment has it)
#   --resume          do not run again what ended with code 0 and has the same command, says its log
#   --mem 4G, --gpu 1, -l name ...  any other option has a value and is ignored: there is one machine
# JOB is replaced by the number in the name of the log and in the command. The command is read by bash
# with pipefail. A word without blanks goes to it as it is (so that \| and \> work), one with blanks in
# double quotes, or in single quotes if it has a double quote in it. The input of a job is empty.
# Status: 0, or 1 if a job failed (each is named with its log and what stands last in it), 2 if wrong usage.
set -euo pipefail
export LC_ALL=C

fail() {
  echo "run.sh: $1 (see run.sh --help)" >&2
  exit 2
}

cores=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc 2> /dev/null || getconf _NPROCESSORS_ONLN)
slots=$cores threads=1 resume=false
job='' first=1 last=1
while (($#)); do
  option=$1
  case $option in
    --help | -h)
      sed -n '2,${/^#/!q; s/^# \{0,1\}//; p;}' "$0"
      exit 0
      ;;
    --resume | --resume=true) resume=true ;;
    --resume=false) resume=false ;;
    -V) ;; # of queue.pl, and without a value
    --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" && continue ;;
    -*)
      (($# >= 2)) || fail "$option needs a value"
      case $option in
        --max-jobs-run | -tc) slots=$2 ;;
        --num-threads) threads=$2 ;;
        -pe) shift ;; # of queue.pl: -pe smp 4
      esac
      shift
      ;;
    *)
      # The name of a log may have a = in it, too, but then also a dot or a slash.
      [[ $option =~ ^([A-Za-z_][A-Za-z0-9_]*)=([^/.]*)$ ]] || break
      [[ -z $job ]] || fail "two ranges of jobs: $job and $option"
      job=${BASH_REMATCH[1]} range=${BASH_REMATCH[2]}
      [[ $range =~ ^([1-9][0-9]*)(:([1-9][0-9]*))?$ ]] || fail "expected $job=first:last, numbers from 1: $option"
      first=${BASH_REMATCH[1]} last=${BASH_REMATCH[3]:-${BASH_REMATCH[1]}}
      ((first <= last)) || fail "no job in $option"
      ;;
  esac
  shift
done
(($# >= 2)) || fail "a log file and a command are needed"
log=$1
shift
[[ -z $job || $log == *"$job"* ]] || fail "the name of the log must have $job in it: $log"
[[ $slots =~ ^[1-9][0-9]*$ ]] || fail "--max-jobs-run must be a positive whole number, not '$slots'"
[[ $threads =~ ^[1-9][0-9]*$ ]] || fail "--num-threads must be a positive whole number, not '$threads'"
[[ -z $job || "$log $*" != *"$PWD"* || $PWD != *"$job"* ]] || fail "the folder's own name has $job in it: $PWD"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$threads}

command=
for word; do
  if [[ -n $word && $word != *[[:space:]]* ]]; then
    command+="$word "
  elif [[ $word == *\"* ]]; then
    command+="'${word//\'/\'\\\'\'}' "
  else
    command+="\"$word\" "
  fi
done
command=${command% }

# What job $1 runs, where its log is, and how the log begins.
command_of() { if [[ -n $job ]]; then printf '%s\n' "${command//$job/$1}"; else printf '%s\n' "$command"; fi; }
log_of() { if [[ -n $job ]]; then printf '%s\n' "${log//$job/$1}"; else printf '%s\n' "$log"; fi; }
header_of() { command_of "$1" | sed 's/^/# /'; }

succeeded() {
  local file
  file=$(log_of "$1")
  [[ -r $file && $(tail -n 1 "$file") == "# Ended (code 0) "* ]]
}

same_command() {
  local header
  header=$(header_of "$1")
  [[ $(head -n "$(wc -l <<< "$header")" "$(log_of "$1")") == "$header" ]]
}

run_job() {
  local number=$1 file started=$SECONDS code=0
  file=$(log_of "$number")
  { header_of "$number" && echo "# Started at $(date)" && echo "#"; } > "$file"
  bash -o pipefail >> "$file" 2>&1 <<< "( $(command_of "$number")
) < /dev/null" || code=$?
  # A last line of output without its newline must not swallow the line that counts.
  [[ -z $(tail -c 1 "$file" | tr -d '\n') ]] || echo >> "$file"
  {
    echo "# Accounting: time=$((SECONDS - started)) threads=$threads"
    echo "# Ended (code $code) at $(date), elapsed time $((SECONDS - started)) seconds"
  } >> "$file"
}

# Jobs are process groups of their own, so that they can be ended with all that they started.
set -m
stop() {
  trap - INT TERM HUP
  local pids
  pids=$(jobs -p)
  for pid in $pids; do kill -TERM -- "-$pid" 2> /dev/null || true; done
  { wait; } 2> /dev/null # until they have cleaned up
  echo "run.sh: stopped, logs are in $log" >&2
  kill -s "$1" $$
}
for signal in INT TERM HUP; do
  # shellcheck disable=SC2064
  trap "stop $signal" "$signal"
done

running=0
for ((number = first; number <= last; number++)); do
  if $resume && succeeded "$number" && same_command "$number"; then continue; fi
  file=$(log_of "$number")
  mkdir -p "$(dirname "$file")"
  rm -f -- "$file" # what it says of an earlier run must not count if this one cannot write it
  if ((running == slots)); then
    wait -n || true
    running=$((running - 1))
  fi
  run_job "$number" &
  running=$((running + 1))
done
wait

failed=0
for ((number = first; number <= last; number++)); do
  if succeeded "$number"; then continue; fi
  failed=$((failed + 1))
  file=$(log_of "$number")
  echo "run.sh: job ${job:+$number }failed, log is in $file, its last lines:" >&2
  { grep -v '^#' "$file" | tail -n 3 | sed 's/^/    /'; } >&2 2> /dev/null || true
done
((failed == 0)) || { echo "run.sh: $failed of $((last - first + 1)) jobs failed" >&2; exit 1; }
