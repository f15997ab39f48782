# shellcheck shell=bash source=utils/path.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../utils/path.sh"
