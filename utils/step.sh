# shellcheck shell=bash
# Sourced by the scripts of steps/ after their options: parses them (parse_options.sh), and brings
#
#     usage 2                      print the comment at the top of the script, and end with status 2
#     require a/{feats.scp,rttm}   end with one line if a file is not there
#     differ out a/utt2spk b       end with one line if out is one of the files that are read
#     split_table 4 table dir      cut the lines of a table into dir/1 ... dir/4
#     split_table 4 table dir 128  ... between blocks of so many lines
#     split_along dir 2 list name  of a list, the lines whose field 2 is a key of dir/N, as dir/name.N
#     submit JOB=1:4 log word ...  $cmd, with words that reach the job as they are, whatever is in them
#     vectors_of dir               dir/xvector.scp, or dir/ivector.scp where that is there instead
#     people_of utt2spk windows2reco  windows with the speakers of the segments, or recordings, that they are cut from
#     of_all_jobs 2                how many items may fail in all if so many of a job may; a percentage stays
#     write_table out command ...  what the command says on stdout, whole or not at all
#     join_tables out dir/x        the sorted lines of dir/x.1 ... dir/x.$nj, the same way
#
# A step has the variables nj and cmd. split_table lowers nj to the number of lines of the table, or of blocks of them.
# An argument is a name: with a | in it, which makes a command, or JOB, which $cmd replaces, it is refused.

export LC_ALL=C
. parse_options.sh

step_fail() {
  echo "${0##*/}: $1" >&2
  exit 1
}

[[ ${max_failed-0} =~ ^([0-9]+|[0-9.]+%)$ ]] \
  || parse_options_fail "--max-failed: '$max_failed' is neither a number nor a percentage"
for word; do
  [[ $word != *JOB* ]] || step_fail "JOB stands for the number of a job, and cannot be in a name: $word"
  [[ $word != *'|'* ]] || step_fail "a | makes a command of a name: $word"
done

usage() {
  parse_options_help >&2
  exit "$1"
}

# What is written must not be what is read.
differ() {
  local file
  for file in "${@:2}"; do
    [[ ! $1 -ef $file ]] || step_fail "would be written over what is read: $file"
  done
}

require() {
  local file
  for file; do
    [[ -r $file && ! -d $file ]] || step_fail "no such file: $file"
  done
}

# Pieces are runs of neighbouring lines, as equal in number as can be, so that a table whose lines are
# sorted gives sorted pieces. What an earlier call left in dir is removed: nj may have been larger.
split_table() {
  local table=$2 dir=$3 block=${4-1} blocks number
  # also of a last line without its newline
  blocks=$(awk -v block="$block" 'END { print int((NR + block - 1) / block) }' < "$table")
  ((blocks > 0)) || step_fail "$table is empty"
  [[ $1 =~ ^[1-9][0-9]*$ ]] || step_fail "--nj must be a positive whole number, not '$1'"
  nj=$(($1 < blocks ? $1 : blocks))
  mkdir -p "$dir"
  find "$dir" -maxdepth 1 -type f -name '[1-9]*' ! -name '*[!0-9]*' -exec rm -f {} +
  for ((number = 1; number <= nj; number++)); do
    : > "$dir/$number"
  done
  dir=$dir awk -v nj="$nj" -v block="$block" -v blocks="$blocks" '
    { piece = ENVIRON["dir"] "/" int(int((NR - 1) / block) * nj / blocks) + 1 }
    piece != last { close(last); last = piece }
    { print > piece }' < "$table"
}

split_along() {
  local number
  for ((number = 1; number <= nj; number++)); do
    filter-scp --field="$2" "$1/$number" "$3" "$1/$4.$number" || exit 1
  done
}

# What $cmd gets is read by a shell, in the manner of Kaldi's run.pl: a word without blanks as it stands, one with
# blanks within double quotes, or within single ones if it has a double quote. Only && and the number of threads
# are meant for that shell.
submit() {
  local first=1 words=() word char
  if [[ $1 == JOB=* ]]; then first=2; fi
  for word in "${@:first+1}"; do
    if [[ $word =~ ^([A-Za-z0-9_./:,=+@%-]+|'&&'|'${OMP_NUM_THREADS:-1}')$ ]]; then
      : # as it is
    elif [[ $word != *[[:space:]]* ]]; then
      printf -v word %q "$word"
    elif [[ $word != *\"* ]]; then
      for char in \\ \$ \`; do word=${word//"$char"/"\\$char"}; done
    else
      word=$(escape "$word")
    fi
    words+=("$word")
  done
  ${cmd?} "${@:1:first}" "${words[@]}"
}

# A word of any characters as one without blanks and double quotes that bash reads back.
escape() {
  local i char escaped=
  for ((i = 0; i < ${#1}; i++)); do
    char=${1:i:1}
    if [[ $char == [[:space:]\"\'\\] ]]; then printf -v char '\\x%02x' "'$char"; fi
    escaped+=$char
  done
  printf '%s\n' "\$'$escaped'"
}

vectors_of() {
  if [[ -e $1/ivector.scp && ! -e $1/xvector.scp ]]; then echo "$1/ivector.scp"; else echo "$1/xvector.scp"; fi
}

people_of() {
  local first=$1 second=$2
  if [[ $first != /* ]]; then first=./$first; fi # awk takes a=b for a variable that is set
  if [[ $second != /* ]]; then second=./$second; fi
  awk 'people { of[$1] = $2; next }
    { parent = substr($1, 1, length($1) - 18) } # make-subsegments: <segment>-<8 digits>-<8 digits>
    { print $1, parent in of ? of[parent] : $2 in of ? of[$2] : $2 }' \
    people=1 "$first" people=0 "$second"
}

of_all_jobs() {
  if [[ $1 =~ ^[0-9]+$ ]]; then echo $((10#$1 * nj)); else echo "$1"; fi
}

write_table() {
  local file=$1
  shift
  "$@" > "$file.tmp.$$" || { rm -f "$file.tmp.$$"; exit 1; }
  mv "$file.tmp.$$" "$file"
}

join_tables() {
  local number pieces=()
  for ((number = 1; number <= nj; number++)); do pieces+=("$2.$number"); done
  require "${pieces[@]}"
  write_table "$1" sort "${pieces[@]}"
}
