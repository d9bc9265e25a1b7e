# Completes `cargo xtask` in bash; printed by `cargo xtask completions bash`.
# What else follows `cargo` is completed as before.

@TABLES@
# The folders of the course's lessons, without starting anything.
_wt_xtask_lessons() {
    local folder=$PWD lesson
    while [[ -n $folder && ! -f $folder/course.toml ]]; do folder=${folder%/*}; done
    for lesson in "$folder"/exercises/*/lesson.toml; do
        lesson=${lesson%/lesson.toml}
        [[ -f $lesson/lesson.toml ]] && printf '%s\n' "${lesson##*/}"
    done
}

# Completes the word at the cursor; `$1` is where `xtask` stands.
_wt_xtask() {
    local at=$1 current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
    local command= kind= known i
    compopt +o default +o bashdefault 2>/dev/null
    # Bash takes `--color=always` for three words.
    if [[ $current == '=' ]]; then
        current=
    elif [[ $previous == '=' ]]; then
        previous=${COMP_WORDS[COMP_CWORD-2]}
    fi
    for ((i = at + 1; i < COMP_CWORD && ! ${#command}; i++)); do
        for known in $(_wt_xtask_commands); do
            [[ ${COMP_WORDS[i]} == "$known" ]] && command=$known
        done
    done
    kind=$(_wt_xtask_values "$command $previous")
    if [[ -z $kind && $current == -* ]]; then
        kind="words $(_wt_xtask_options "$command")"
    elif [[ -z $kind ]]; then
        kind=$(_wt_xtask_operands "$command")
    fi
    case $kind in
        lessons) COMPREPLY=($(compgen -W "$(_wt_xtask_lessons)" -- "$current")) ;;
        commands) COMPREPLY=($(compgen -W "$(_wt_xtask_commands)" -- "$current")) ;;
        folders)
            compopt -o filenames 2>/dev/null
            local IFS=$'\n'
            COMPREPLY=($(compgen -d -- "$current")) ;;
        words*) COMPREPLY=($(compgen -W "${kind#words}" -- "$current")) ;;
    esac
}

# The function that completed `cargo` before this, if there is one.
_wt_xtask_find_before() {
    local spec
    spec=$(complete -p cargo 2>/dev/null) || return 1
    [[ $spec =~ -F\ ([^ ]+) && ${BASH_REMATCH[1]} != _wt_xtask_cargo ]] || return 1
    _wt_xtask_before=${BASH_REMATCH[1]}
}

_wt_xtask_cargo() {
    local i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            xtask) _wt_xtask "$i"; return ;;
            [+-]*) ;;
            *) break ;;
        esac
    done
    if [[ -z ${_wt_xtask_before-} ]]; then
        # bash-completion reads its file for a command at the first try.
        complete -r cargo
        if declare -F _comp_load >/dev/null; then
            _comp_load cargo
        elif declare -F _completion_loader >/dev/null; then
            _completion_loader cargo
        fi
        _wt_xtask_find_before
        complete -o bashdefault -o default -F _wt_xtask_cargo cargo
    fi
    if declare -F "${_wt_xtask_before-}" >/dev/null; then
        "$_wt_xtask_before" "$@"
    elif ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W xtask -- "${COMP_WORDS[1]}"))
    fi
}

_wt_xtask_find_before
complete -o bashdefault -o default -F _wt_xtask_cargo cargo
