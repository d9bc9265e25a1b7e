#autoload
# Completes `cargo xtask` in zsh; printed by `cargo xtask completions zsh`.
# zsh's `_cargo` calls the function `_cargo-xtask` for what follows `xtask`.

@TABLES@
# The folders of the course's lessons, without starting anything.
_wt_xtask_lessons() {
    local folder=$PWD
    while [[ -n $folder && ! -f $folder/course.toml ]]; do folder=${folder%/*}; done
    local -a lessons
    lessons=($folder/exercises/*/lesson.toml(N:h:t))
    compadd -a lessons
}

_cargo-xtask() {
    local command= word kind
    local -a names described
    names=(${(f)"$(_wt_xtask_commands)"})
    names=(${names%%:*})
    for word in ${words[2,CURRENT-1]}; do
        if (( ${names[(Ie)$word]} )); then
            command=$word
            break
        fi
    done
    local previous=${words[CURRENT-1]}
    if [[ $PREFIX == --*=* ]]; then
        previous=${PREFIX%%=*}
        compset -P '*='
    fi
    kind=$(_wt_xtask_values "$command $previous")
    if [[ -z $kind && $PREFIX == -* ]]; then
        described=(${(f)"$(_wt_xtask_options "$command")"})
        _describe -o option described
        return
    fi
    [[ -z $kind ]] && kind=$(_wt_xtask_operands "$command")
    case $kind in
        lessons) _wt_xtask_lessons ;;
        folders) _files -/ ;;
        commands)
            described=(${(f)"$(_wt_xtask_commands)"})
            _describe command described ;;
        words*)
            names=(${=kind#words})
            compadd -a names ;;
    esac
}

# Without a `_cargo` this completes the word `xtask` and what follows it.
_wt_xtask_cargo() {
    if (( CURRENT == 2 )); then
        compadd xtask
    elif [[ $words[2] == xtask ]]; then
        shift words
        (( CURRENT-- ))
        _cargo-xtask
    else
        _default
    fi
}

if [[ ${funcstack[1]} == _cargo-xtask ]]; then
    _cargo-xtask "$@"
elif (( ${+functions[compdef]} && ! ${+_comps[cargo]} )); then
    compdef _wt_xtask_cargo cargo
fi
