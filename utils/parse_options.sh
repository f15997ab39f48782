# shellcheck shell=bash
# Sourced by a script after it has given each of its options a default: takes the options off "$@".
#
#     nj=4
#     resume=false
#     . parse_options.sh # --nj 8 --resume input output
#
# --name value and --name=value set the variable `name`, which must exist; a `-` in a name is a `_` of
# the variable. A variable that is true or false is a flag: --flag, --no-flag, --flag=true, --flag false.
# Options end at the first word that is none, or after --. --config FILE, unless the script has a
# variable `config` of its own, reads lines name=value or --name=value; the command line wins over it.
# --help prints the comment at the top of the script. A wrong option is one line on stderr, status 2.

parse_options_fail() {
  printf '%s: %s (see %s --help)\n' "${0##*/}" "$1" "${0##*/}" >&2
  exit 2
}

# The comment below the first line of the script.
parse_options_help() {
  sed -n '2,${/^#/!q; s/^# \{0,1\}//; p;}' "$0"
}

# The variable of the option --$1, in $po_name; fails if there is none.
parse_options_find() {
  po_name=${1//-/_}
  po_name=${po_name,,}
  [[ $po_name =~ ^[a-z_][a-z0-9_]*$ && -v $po_name ]]
}

parse_options_is_flag() {
  [[ ${!po_name} == true || ${!po_name} == false ]]
}

# Set the variable found to $1.
parse_options_set() {
  if parse_options_is_flag && [[ $1 != true && $1 != false ]]; then
    parse_options_fail "--${po_name//_/-}: '$1' is neither true nor false"
  fi
  printf -v "$po_name" %s "$1"
}

# Set options from the lines of file $1. They are read, never executed. (Variables of this file begin
# with po_, also in functions: a local one would hide the option of its name.)
parse_options_read_config() {
  po_number=0
  [[ -r $1 && ! -d $1 ]] || parse_options_fail "cannot read --config $1"
  while IFS= read -r po_line || [[ -n $po_line ]]; do
    ((++po_number))
    po_line=${po_line%$'\r'}
    if [[ $po_line =~ ^[[:space:]]*(#|$) ]]; then continue; fi
    [[ $po_line =~ ^[[:space:]]*(--)?([A-Za-z0-9_-]+)=(.*)$ ]] \
      || parse_options_fail "$1:$po_number: expected name=value"
    po_word=${BASH_REMATCH[2]}
    po_value=${BASH_REMATCH[3]%%[[:space:]]#*}
    po_value=${po_value%"${po_value##*[![:space:]]}"} # without the blanks at its end
    if [[ $po_value =~ ^\"(.*)\"$ || $po_value =~ ^\'(.*)\'$ ]]; then po_value=${BASH_REMATCH[1]}; fi
    parse_options_find "$po_word" || parse_options_fail "$1:$po_number: no such option: $po_word"
    parse_options_set "$po_value"
  done < "$1"
}

# Config files first, so that what follows on the command line wins.
if [[ ! -v config ]]; then
  po_words=("$@")
  for po_i in "${!po_words[@]}"; do
    case ${po_words[po_i]} in
      --) break ;;
      --config=*) parse_options_read_config "${po_words[po_i]#*=}" ;;
      --config) parse_options_read_config "${po_words[po_i + 1]-}" ;;
    esac
  done
fi

while (($#)); do
  case $1 in
    --help | -h)
      parse_options_help
      exit 0
      ;;
    --)
      shift
      break
      ;;
    --*=*)
      po_word=${1%%=*}
      if parse_options_find "${po_word#--}"; then
        parse_options_set "${1#*=}"
      elif [[ $po_word != --config ]]; then
        parse_options_fail "no such option: $po_word"
      fi
      shift
      ;;
    --*)
      if parse_options_find "${1#--}" && parse_options_is_flag; then
        if [[ ${2-} == true || ${2-} == false ]]; then
          parse_options_set "$2"
          shift
        else
          parse_options_set true
        fi
        shift
        continue
      fi
      if [[ $1 == --no-* ]] && ! parse_options_find "${1#--}" && parse_options_find "${1#--no-}" \
        && parse_options_is_flag; then
        parse_options_set false
        shift
        continue
      fi
      if ! parse_options_find "${1#--}" && [[ $1 != --config ]]; then
        parse_options_fail "no such option: $1"
      fi
      (($# >= 2)) || parse_options_fail "$1 needs a value"
      if parse_options_find "${1#--}"; then parse_options_set "$2"; fi
      shift 2
      ;;
    -?*) parse_options_fail "no such option: $1" ;;
    *) break ;;
  esac
done
