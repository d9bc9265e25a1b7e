# Completes `cargo xtask` in fish; printed by `cargo xtask completions fish`.
# What else follows `cargo` is completed as before.

# The words after `xtask`; fails if the command line is not `cargo xtask`.
function __wt_xtask_words
    __fish_seen_subcommand_from xtask; or return
    set -l words (commandline -opc)[2..]
    while string match -qr -- '^[+-]' $words[1]
        set -e words[1]
    end
    test "$words[1]" = xtask; or return
    set -e words[1]
    printf '%s\n' $words
end

# Whether the command after `xtask` is one of these; without one, whether it is
# still to be typed.
function __wt_xtask_at
    set -l words (__wt_xtask_words); or return
    for word in $words
        if contains -- $word $__wt_xtask_commands
            contains -- $word $argv
            return
        end
    end
    test (count $argv) = 0
end

# The folders of the course's lessons, without starting anything.
function __wt_xtask_lessons
    set -l folder $PWD
    while test -n "$folder"; and not test -f $folder/course.toml
        set folder (string replace -r '/[^/]*$' '' -- $folder)
    end
    for lesson in $folder/exercises/*/lesson.toml
        string split / -- $lesson | tail -n 2 | head -n 1
    end
end

@TABLES@
