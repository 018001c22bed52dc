# fish completion for git migrate. fish reads this when it starts, from
# <share>/fish/vendor_conf.d or ~/.config/fish/conf.d; or:
#   git migrate completion fish | source

# What can stand at the cursor, one for each line, with a description.
function __git_migrate_words
    set -l words (commandline -opc)
    set -l git git
    # "git -C there migrate show", or "git-migrate show"
    if not string match -qr '(^|/)git-migrate$' -- $words[1]
        set -l at (contains -i -- migrate $words)
        or return
        test $at -gt 2
        and set -a git $words[2..(math $at - 1)]
        set words $words[$at..-1]
    end
    for line in ($git migrate completion words -- $words[2..-1] (commandline -ct) 2>/dev/null)
        set -l part (string split -m 1 \t -- $line)
        switch $part[1]
            case :revisions
                string replace -r '^' -- "$part[2]" HEAD ($git for-each-ref --format='%(refname:strip=2)' refs/heads refs/remotes refs/tags 2>/dev/null)
            case :remotes
                string replace -r '^' -- "$part[2]" ($git remote 2>/dev/null)
            case :files :folders
                set -l typed (string sub -s (math (string length -- "$part[2]") + 1) -- (commandline -ct))
                set -l paths (__fish_complete_path $typed)
                test $part[1] = :folders
                and set paths (string match -r '.*/(?=\t|$)' -- $paths)
                string replace -r '^' -- "$part[2]" $paths
            case '*'
                echo $line
        end
    end
end

complete -c git-migrate -f -a '(__git_migrate_words)'
complete -c git -n __fish_git_needs_command -f -a migrate -d 'Run SQL migrations, undo them exactly'
complete -c git -n '__fish_git_using_command migrate' -f -a '(__git_migrate_words)'
