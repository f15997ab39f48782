# shellcheck shell=bash
# Sourced by the scripts of steps/ after their options: parses them (parse_options.sh), and brings
#
#     usage 2                      print the comment at the top of the script, and end with status 2
#     require a/{feats.scp,rttm}   end with one line if a file is not there
#     split_table 4 table dir      cut the lines of a table into dir/1 ... dir/4
#     split_along dir 2 list name  of a list, the lines whose field 2 is a key of dir/N, as dir/name.N
#     write_table out command ...  what the command says on stdout, whole or not at all
#     join_tables out dir/x        the sorted lines of dir/x.1 ... dir/x.$nj, the same way
#
# A step has the variables nj and cmd. split_table lowers nj to the number of lines of the table.

export LC_ALL=C
. parse_options.sh

step_fail() {
  echo "${0##*/}: $1" >&2
  exit 1
}

usage() {
  parse_options_help >&2
  exit "$1"
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
  local table=$2 dir=$3 lines number
  lines=$(wc -l < "$table")
  ((lines > 0)) || step_fail "$table is empty"
  [[ $1 =~ ^[1-9][0-9]*$ ]] || step_fail "--nj must be a positive whole number, not '$1'"
  nj=$(($1 < lines ? $1 : lines))
  mkdir -p "$dir"
  find "$dir" -maxdepth 1 -type f -name '[1-9]*' ! -name '*[!0-9]*' -exec rm -f {} +
  for ((number = 1; number <= nj; number++)); do
    : > "$dir/$number"
  done
  awk -v nj="$nj" -v lines="$lines" -v dir="$dir" '
    { number = int((NR - 1) * nj / lines) + 1; print > (dir "/" number) }' "$table"
}

split_along() {
  local number
  for ((number = 1; number <= nj; number++)); do
    filter-scp --field="$2" "$1/$number" "$3" "$1/$4.$number" || exit 1
  done
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
