# What zsh lists at a real prompt. Words: the script to read, then command lines,
# each completed at its end. Prints for each a line with what the prompt showed.
zmodload zsh/zpty
script=$1
shift

zpty -b shell "TERM=dumb PS1='> ' zsh -f -i"
enter() { zpty -w shell "$1" }

enter "stty -echo columns 200 rows 200"
enter "autoload -Uz compinit; compinit -u -D"
# A `_cargo` like that of rustup: it hands over to `_cargo-` and the subcommand.
enter "_cargo() { if (( CURRENT > 2 )); then shift words; (( CURRENT-- )); _call_function ret _cargo-\$words[1]; else compadd asked-_cargo; fi }"
enter "compdef _cargo cargo"
enter "source ${(q)script}"
# The candidates are listed, and nothing is inserted.
enter "zstyle ':completion:*' verbose no; bindkey '^I' list-choices; LISTMAX=1000"
# Only what is typed while the line editor runs is its to read, so each prompt says
# that it has begun.
enter "prompts=0; zle-line-init() { print -rn -- \"PROMPT-\$((prompts++))-\" }; zle -N zle-line-init"
zpty -r shell said '*PROMPT-0-*'
number=1
for line in "$@"; do
    # Ctrl-U takes the line away, and an empty one brings the next prompt.
    zpty -w -n shell "$line"$'\t\x15\n'
    zpty -r shell said "*PROMPT-$number-*"
    print -r -- ${said//[[:cntrl:]]/ }
    (( number++ ))
done
zpty -d shell
