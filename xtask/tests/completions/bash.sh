# What bash would offer. Words: the script to read, then command lines, each
# completed at its end. Prints a line of candidates for each.

# What completes cargo already.
_cargo() { COMPREPLY=("asked-_cargo"); }
complete -F _cargo cargo

# Reading it twice must not wrap it around itself.
source "$1"
source "$1"
shift

spec=$(complete -p cargo)
[[ $spec =~ -F\ ([^ ]+) ]] && completes=${BASH_REMATCH[1]}
for COMP_LINE in "$@"; do
    COMP_POINT=${#COMP_LINE}
    read -ra COMP_WORDS <<<"$COMP_LINE"
    [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    "$completes" cargo "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
    printf '%s\n' "${COMPREPLY[*]}"
done
