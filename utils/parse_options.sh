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

# The variable of the option --$1, in $parse_options_name; fails if there is none.
parse_options_find() {
  parse_options_name=${1//-/_}
  parse_options_name=${parse_options_name,,}
  [[ $parse_options_name =~ ^[a-z_][a-z0-9_]*$ && -v $parse_options_name ]]
}

parse_options_is_flag() {
  [[ ${!parse_options_name} == true || ${!parse_options_name} == false ]]
}

# Set the variable found to $1.
parse_options_set() {
  if parse_options_is_flag && [[ $1 != true && $1 != false ]]; then
    parse_options_fail "--${parse_options_name//_/-}: '$1' is neither true nor false"
  fi
  printf -v "$parse_options_name" %s "$1"
}

# Set options from the lines of file $1. They are read, never executed. (No `local name`: it would hide
# an option of that name.)
parse_options_read_config() {
  parse_options_number=0
  [[ -r $1 && ! -d $1 ]] || parse_options_fail "cannot read --config $1"
  while IFS= read -r parse_options_line || [[ -n $parse_options_line ]]; do
    ((++parse_options_number))
    parse_options_line=${parse_options_line%$'\r'}
    if [[ $parse_options_line =~ ^[[:space:]]*(#|$) ]]; then continue; fi
    [[ $parse_options_line =~ ^[[:space:]]*(--)?([A-Za-z0-9_-]+)=(.*)$ ]] \
      || parse_options_fail "$1:$parse_options_number: expected name=value"
    parse_options_word=${BASH_REMATCH[2]}
    parse_options_value=${BASH_REMATCH[3]%%[[:space:]]#*}
    parse_options_find "$parse_options_word" || parse_options_fail "$1:$parse_options_number: no such option: $parse_options_word"
    parse_options_value=${parse_options_value%"${value##*[![:space:]]}"} # without the blanks at its end
    if [[ $parse_options_value =~ ^\"(.*)\"$ || $parse_options_value =~ ^\'(.*)\'$ ]]; then parse_options_value=${BASH_REMATCH[1]}; fi
    parse_options_set "$parse_options_value"
  done < "$1"
}

# Config files first, so that what follows on the command line wins.
if [[ ! -v config ]]; then
  parse_options_words=("$@")
  for parse_options_i in "${!parse_options_words[@]}"; do
    case ${parse_options_words[parse_options_i]} in
      --) break ;;
      --config=*) parse_options_read_config "${parse_options_words[parse_options_i]#*=}" ;;
      --config) parse_options_read_config "${parse_options_words[parse_options_i + 1]-}" ;;
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
      parse_options_word=${1%%=*}
      if parse_options_find "${parse_options_word#--}"; then
        parse_options_set "${1#*=}"
      elif [[ $parse_options_word != --config ]]; then
        parse_options_fail "no such option: $parse_options_word"
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
