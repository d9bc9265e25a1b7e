//! Where to cut a text so that no line is cut.

use super::shared_slice::SharedSlice;

impl SharedSlice<u8> {
    /// Cuts the text into at most `parts` parts of similar length, each ending
    /// after a `\n` or at the end of the text.
    ///
    /// Together, in order, the parts are the text; none is empty, and an empty
    /// text has no parts. `\r\n` stays together. There are fewer parts than asked
    /// for if a line is longer than a part should be. No byte is copied; the text
    /// is searched near each cut only, unless lines are long.
    ///
    /// # Panics
    ///
    /// If `parts` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::buffer::SharedSlice;
    ///
    /// let text = SharedSlice::from_static(b"one\ntwo\nthree");
    /// let parts = text.split_lines(2);
    /// assert_eq!(parts[0], *b"one\ntwo\n");
    /// assert_eq!(parts[1], *b"three");
    /// ```
    #[must_use]
    pub fn split_lines(&self, parts: usize) -> Vec<SharedSlice<u8>> {
        assert!(parts > 0, "a text cannot be cut into 0 parts");
        // More parts than bytes could not all have a byte.
        let parts = parts.min(self.len());
        let mut lines = Vec::new();
        let mut start = 0;
        for part in 1..=parts {
            let ideal = fraction(self.len(), part, parts);
            // A long line has already run past this cut.
            if ideal <= start {
                continue;
            }
            let end = line_end(self, ideal - 1);
            lines.push(self.slice(start..end));
            start = end;
        }
        lines
    }
}

/// The position after the first line end at or after `from`.
fn line_end(text: &[u8], from: usize) -> usize {
    text[from..]
        .iter()
        .position(|&byte| byte == b'\n')
        .map_or(text.len(), |newline| from + newline + 1)
}

/// `len * part / parts`, where the product may not fit a `usize`.
pub(super) fn fraction(len: usize, part: usize, parts: usize) -> usize {
    let exact = len as u128 * part as u128 / parts as u128;
    usize::try_from(exact).expect("part is at most parts, so the result is at most len")
}
