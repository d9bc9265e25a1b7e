//! A stranger's words, made harmless.

use wt_grader::report;

/// `text` with control characters, characters that reorder text, and those that
/// XML 1.0 does not have written out, as in `\u{1b}`. Newlines stay.
#[must_use]
pub fn plain(text: &str) -> String {
    report::harmless(text)
        .chars()
        .flat_map(|c| {
            let (written, kept) = match c {
                '\u{fffe}' | '\u{ffff}' | '\u{61c}' => (Some(c.escape_unicode()), None),
                c => (None, Some(c)),
            };
            written.into_iter().flatten().chain(kept)
        })
        .collect()
}

/// The same in one line.
#[must_use]
pub fn line(text: &str) -> String {
    plain(text).trim().replace('\n', " ")
}

/// The start of `text`, at most `most` bytes of it; says if something is missing.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rfind(|end| text.is_char_boundary(*end));
    let kept = &text[..end.unwrap_or(0)];
    format!("{kept}\n[... {} more bytes ...]\n", text.len() - kept.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_one_that_xml_has_and_none_moves_the_others() {
        let all: String = (0..=0x2_ffff).filter_map(char::from_u32).collect();
        for c in plain(&all).chars() {
            let is_xml =
                matches!(c, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
            assert!(is_xml && (c == '\n' || !c.is_control()), "{c:?}");
            assert!(!matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}'), "{c:?}");
            assert!(
                !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'),
                "{c:?}"
            );
        }
        assert_eq!(
            plain("a\u{1b}[2J\r\u{ffff}\nb"),
            "a\\u{1b}[2J\\u{d}\\u{ffff}\nb"
        );
    }

    #[test]
    fn a_cut_does_not_part_a_character() {
        assert_eq!(cut("ééé", 3), "é\n[... 4 more bytes ...]\n");
        assert_eq!(cut("ééé", 6), "ééé");
    }
}
