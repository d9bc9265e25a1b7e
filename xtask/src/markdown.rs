//! The Markdown of hints and notes, for a terminal: filled to its width, with links
//! that can be clicked or else stand below their paragraph. Without a terminal it
//! stays as it is.

use wt_grader::report::wrapped;

use crate::terminal::{BOLD, Terminal};

/// `text` as `terminal` can show it.
pub(crate) fn shown(text: &str, terminal: Terminal) -> String {
    // Colours without a terminal are for watch, which wraps by itself.
    if terminal.width.is_none() && !terminal.color {
        return text.to_owned();
    }
    let mut page = Page {
        terminal,
        out: String::new(),
        paragraph: String::new(),
        margin: 0,
        urls: Vec::new(),
    };
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            page.end();
            fenced = !fenced;
        } else if fenced {
            page.verbatim(&format!("    {line}"));
        } else {
            page.line(line);
        }
    }
    page.end();
    page.out
}

struct Page {
    terminal: Terminal,
    out: String,
    /// The lines that go together, as one.
    paragraph: String,
    /// The columns before the further lines of a list's item.
    margin: usize,
    /// The links of the paragraph that cannot be clicked.
    urls: Vec<String>,
}

impl Page {
    fn line(&mut self, line: &str) {
        if line.trim().is_empty() {
            self.end();
            self.verbatim("");
        } else if line.starts_with('|') {
            self.end();
            self.verbatim(line);
        } else if let Some(title) = line.strip_prefix('#') {
            self.end();
            let title = title.trim_start_matches('#').trim();
            self.verbatim(&self.terminal.paint(BOLD, title));
        } else if let Some(mark) = mark_of_item(line) {
            self.end();
            self.margin = mark;
            self.paragraph = line.trim_end().to_owned();
        } else if self.paragraph.is_empty() {
            self.paragraph = line.trim().to_owned();
        } else {
            self.paragraph.push(' ');
            self.paragraph.push_str(line.trim());
        }
    }

    fn verbatim(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    /// Writes the paragraph, and below it where its links lead.
    fn end(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph);
        let margin = std::mem::take(&mut self.margin);
        if paragraph.is_empty() {
            return;
        }
        let text = self.inline(&paragraph);
        let width = self.terminal.width.unwrap_or(usize::MAX);
        let (mark, rest) = text.split_at(margin);
        for (n, line) in wrapped(rest, width.saturating_sub(margin))
            .iter()
            .enumerate()
        {
            let before = if n == 0 { mark } else { &" ".repeat(margin) };
            self.verbatim(&format!("{before}{line}"));
        }
        for (n, url) in std::mem::take(&mut self.urls).iter().enumerate() {
            self.verbatim(&format!("{:margin$}[{}] {url}", "", n + 1));
        }
    }

    /// The links and the emphasis in a paragraph.
    fn inline(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['`', '[', '*']) {
            let (before, marked) = rest.split_at(at);
            out.push_str(before);
            rest = marked;
            let (shown, length) = code(rest)
                .or_else(|| self.link(rest))
                .or_else(|| self.emphasis(rest))
                .unwrap_or_else(|| (rest[..1].to_owned(), 1));
            out.push_str(&shown);
            rest = &rest[length..];
        }
        out + rest
    }

    /// What `[words](where)` at the start of `text` is shown as, and its length.
    fn link(&mut self, text: &str) -> Option<(String, usize)> {
        let (words, rest) = text.strip_prefix('[')?.split_once("](")?;
        let (url, _) = rest.split_once(')')?;
        if words.contains(']') {
            return None;
        }
        let length = words.len() + url.len() + "[]()".len();
        let shown = if !url.contains("://") {
            format!("{words} ({url})")
        } else if self.terminal.links {
            format!("\u{1b}]8;;{url}\u{1b}\\{words}\u{1b}]8;;\u{1b}\\")
        } else {
            self.urls.push(url.to_owned());
            format!("{words} [{}]", self.urls.len())
        };
        Some((shown, length))
    }

    /// What `*words*` or `**words**` is shown as; without colours it stays.
    fn emphasis(&self, text: &str) -> Option<(String, usize)> {
        let star = if text.starts_with("**") { "**" } else { "*" };
        let (words, _) = text.strip_prefix(star)?.split_once(star)?;
        let is_word = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
        let whole = is_word(words.chars().next()) && is_word(words.chars().last());
        let length = words.len() + 2 * star.len();
        let shown = || match self.terminal.color {
            true => self.terminal.paint(BOLD, words),
            false => text[..length].to_owned(),
        };
        whole.then(|| (shown(), length))
    }
}

/// A piece of code, in which nothing is marked up.
fn code(text: &str) -> Option<(String, usize)> {
    let inner = text.strip_prefix('`')?;
    let length = inner.find('`')? + 2;
    Some((text[..length].to_owned(), length))
}

/// How many columns the `- ` or `2. ` of a list takes, with what stands before it.
fn mark_of_item(line: &str) -> Option<usize> {
    let item = line.trim_start();
    let indent = line.len() - item.len();
    if item.starts_with("- ") || item.starts_with("* ") {
        return Some(indent + 2);
    }
    let digits = item.len() - item.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    (digits > 0 && item[digits..].starts_with(". ")).then_some(indent + digits + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: Terminal = Terminal {
        color: false,
        width: Some(30),
        links: false,
        quiet: false,
    };

    #[test]
    fn a_paragraph_is_filled_and_its_links_stand_below_it() {
        let text = "The tool is a [`Condvar`](https://x.y/z).\nIt frees\nthe lock.\n\nNext.\n";
        assert_eq!(
            shown(text, NARROW),
            "The tool is a `Condvar` [1].\nIt frees the lock.\n[1] https://x.y/z\n\nNext.\n"
        );
        let clicked = Terminal {
            links: true,
            ..NARROW
        };
        assert_eq!(
            shown("a [b](https://x.y)\n", clicked),
            "a \u{1b}]8;;https://x.y\u{1b}\\b\u{1b}]8;;\u{1b}\\\n"
        );
    }

    #[test]
    fn items_hang_and_code_and_tables_stay() {
        let text = "- one item that is longer than a line\n  and goes on\n2. two\n\
            ```rust\nlet a =   1;\n```\n| a | table that is longer than that |\n";
        assert_eq!(
            shown(text, NARROW),
            "- one item that is longer than\n  a line and goes on\n2. two\n    let a =   1;\n\
             | a | table that is longer than that |\n"
        );
    }

    #[test]
    fn what_only_looks_like_markup_is_left_alone() {
        for text in [
            "2 * 3 * 4\n",
            "`[a](b)` and `*c*`\n",
            "a [b] (c)\n",
            "[a\n",
            "*\n",
            "`\n",
        ] {
            assert_eq!(shown(text, NARROW), text);
        }
        let colored = Terminal {
            color: true,
            ..NARROW
        };
        assert_eq!(
            shown("a *b* é**c**\n", colored),
            "a \u{1b}[1mb\u{1b}[0m é\u{1b}[1mc\u{1b}[0m\n"
        );
    }

    #[test]
    fn a_pipe_gets_the_text_as_it_is() {
        let pipe = Terminal {
            width: None,
            ..NARROW
        };
        let text = "[a](https://b)\nc\n";
        assert_eq!(shown(text, pipe), text);
    }
}
