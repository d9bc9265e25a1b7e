//! The learner's editor.

use std::path::Path;
use std::process::Command;

/// Editors with a window of their own: they need no terminal, and watch goes on.
const WINDOWED: [&str; 17] = [
    "code",
    "code-insiders",
    "codium",
    "vscodium",
    "cursor",
    "windsurf",
    "zed",
    "zeditor",
    "subl",
    "mate",
    "gvim",
    "gedit",
    "gnome-text-editor",
    "kate",
    "rustrover",
    "idea",
    "clion",
];

/// An editor, as `$VISUAL` or `$EDITOR` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Editor {
    words: String,
    /// Whether it works in a window and not in the terminal.
    pub(crate) windowed: bool,
}

impl Editor {
    /// The editor of the environment.
    pub(crate) fn find() -> Option<Self> {
        let named = ["VISUAL", "EDITOR"].map(|name| std::env::var(name).unwrap_or_default());
        named.iter().find_map(|words| Self::called(words))
    }

    fn called(words: &str) -> Option<Self> {
        let program = Path::new(words.split_whitespace().next()?);
        let name = program.file_stem().unwrap_or_default();
        let windowed = WINDOWED.iter().any(|known| *known == name);
        // Git needs an editor that waits for its window; here nobody waits for it.
        let waits = |word: &&str| windowed && ["--wait", "-w", "--nofork", "-f"].contains(word);
        let words: Vec<&str> = words
            .split_whitespace()
            .filter(|word| !waits(word))
            .collect();
        Some(Self {
            words: words.join(" "),
            windowed,
        })
    }

    /// The command that edits `file`. Its words may be quoted, as for git.
    #[cfg(unix)]
    pub(crate) fn command(&self, file: &Path) -> Command {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("{} \"$@\"", self.words))
            .arg("editor")
            .arg(file);
        command
    }

    /// The command that edits `file`.
    #[cfg(not(unix))]
    pub(crate) fn command(&self, file: &Path) -> Command {
        let mut words = self.words.split_whitespace();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).arg(file);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_editor_with_a_window_is_not_waited_for() {
        let editor = Editor::called("/usr/bin/code --wait --new-window").unwrap();
        assert!(editor.windowed);
        assert_eq!(editor.words, "/usr/bin/code --new-window");
    }

    #[test]
    fn any_other_editor_gets_the_terminal_and_its_words_as_they_are() {
        let editor = Editor::called("emacs -nw -w").unwrap();
        assert!(!editor.windowed);
        assert_eq!(editor.words, "emacs -nw -w");
        assert_eq!(Editor::called("  "), None);
    }
}
