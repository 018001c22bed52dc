# usage: fish complete.fish <our script> <line>...
#
# What fish would complete each line with: "= <line>", then one on each line.
source $argv[1]
for line in $argv[2..-1]
    echo "= $line"
    complete -C "$line"
end
