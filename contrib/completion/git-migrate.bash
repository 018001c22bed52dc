# bash completion for git migrate                          -*- shell-script -*-
#
# git's own completion calls _git_migrate. Put this file where it looks,
# <share>/bash-completion/completions/git-migrate; or:
#   eval "$(git migrate completion bash)"

# git in the repository that the command line names
__git_migrate_git ()
{
	git ${__git_C_args:+"${__git_C_args[@]}"} \
		${__git_dir:+--git-dir="$__git_dir"} "$@" 2>/dev/null
}

# What only git or the shell knows, each item behind what is typed before it.
__git_migrate_list () # <kind> <prefix>
{
	local items item

	case "$1" in
	revisions)
		items=$(__git_migrate_git rev-parse -q --verify --symbolic HEAD
			__git_migrate_git for-each-ref \
				--format='%(refname:strip=2)' \
				refs/heads refs/remotes refs/tags)
		;;
	remotes)
		items=$(__git_migrate_git remote)
		;;
	files)
		compgen -f -P "$2" -- "${cur#"$2"}"
		return
		;;
	folders)
		compgen -d -P "$2" -- "${cur#"$2"}"
		return
		;;
	esac
	for item in $items; do
		echo "$2$item "
	done
}

_git_migrate ()
{
	local line word cut="" IFS=$'\n' at=${__git_cmd_idx:-1}

	# bash replaces only what is behind the last = or :
	case "$COMP_WORDBREAKS" in
	*[=:]*) cut=${cur%"${cur##*[=:]}"} ;;
	esac
	COMPREPLY=()
	while read -r line; do
		word=${line%%$'\t'*}
		case "$word" in
		:files | :folders) compopt -o filenames 2>/dev/null ;;
		esac
		case "$word" in
		:*) word=$(__git_migrate_list "${word#:}" "${line#*$'\t'}") ;;
		*) word+=' ' ;; # git's completion adds none
		esac
		for word in $word; do
			case "$word" in
			"$cur"*) COMPREPLY+=("${word#"$cut"}") ;;
			esac
		done
	done < <(__git_migrate_git migrate completion words -- \
		"${words[@]:at+1:cword-at-1}" "$cur")
}
