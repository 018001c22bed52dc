# usage: bash complete.bash <git's completion> <ours> <line>...
#
# What bash would complete each line with, as replacements of its last word:
# "= <line>", then one on each line. A line is cut as readline cuts it, = and :
# being words of their own.
. "$1" && . "$2" || exit 1
shift 2

cut_line() {
	local text=$1

	COMP_WORDS=()
	text=${text//=/ = }
	text=${text//:/ : }
	read -ra COMP_WORDS <<<"$text"
	case "$1" in
	*' ') COMP_WORDS+=('') ;;
	esac
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMP_LINE=$1
	COMP_POINT=${#1}
}

for line; do
	echo "= $line"
	cut_line "$line"
	COMPREPLY=()
	__git_wrap__git_main 2>/dev/null
	[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}"
done
