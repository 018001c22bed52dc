# usage: zsh -f complete.zsh <folder with _git-migrate> <scratch folder> <line>...
#
# What an interactive zsh would complete each line with: "= <line>", then one
# word on each line, then ">" and the line as the tabulator key leaves it. That
# key is not pressed behind "--", where so much is possible.
zmodload zsh/zpty || exit 1
setopt extendedglob

export ZDOTDIR=$2 TERM=dumb
print -r -- 'unsetopt beep prompt_cr prompt_sp global_rcs
PROMPT= RPROMPT=
fpath=('${(q)1}' $fpath)
autoload -Uz compinit && compinit -u -D
compadd() {
	# a call that only fills an array adds nothing
	if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
		builtin compadd "$@"
		return
	fi
	local -a __found
	builtin compadd -A __found "$@"
	(( $#__found )) && print -rl -- "@@"${^__found}
	builtin compadd "$@"
}
at-end() { print -r -- "@@>$BUFFER"; print -r -- "@end"; BUFFER=; }
zle -N at-end
zle -C list-them list-choices _main_complete
bindkey "^I" complete-word
bindkey "^L" list-them
bindkey "^T" at-end
print -r -- "@end"' >$2/.zshrc
shift 2

until_end() {
	local line
	while zpty -r z line; do
		line=${line%%[$'\r\n']##}
		[[ $line == *@end ]] && return
		[[ $line == *@@* ]] && print -r -- ${line##*@@}
	done
}

zpty z zsh -d -i
until_end
for line; do
	print -r -- "= $line"
	[[ $line == *-- ]] && keys=$'\x0c\x14' || keys=$'\x0c\t\x14'
	zpty -wn z $line$keys
	until_end
done
zpty -d z
