//! Where to cut so that no record is cut.

use std::error::Error;
use std::fmt;

use super::shared_slice::SharedSlice;

impl<T> SharedSlice<T> {
    /// Cuts the slice into at most `parts` parts of similar length, each ending
    /// after an element for which `ends_record` holds, or at the end of the slice.
    ///
    /// Together, in order, the parts are the slice; none is empty, and an empty
    /// slice has no parts. There are fewer parts than asked for if a record is
    /// longer than a part should be. No element is copied; `ends_record` is asked
    /// near each cut only, unless records are long.
    ///
    /// One element alone must tell where a record ends. A format in which it does
    /// not, such as CSV with line ends inside quotes, cannot be cut this way.
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
    /// let names = SharedSlice::from_static(b"ada\0grace\0linus\0");
    /// let parts = names.split_records(2, |&byte| byte == 0);
    /// assert_eq!(parts[0], *b"ada\0grace\0");
    /// assert_eq!(parts[1], *b"linus\0");
    /// ```
    #[must_use]
    pub fn split_records(
        &self,
        parts: usize,
        mut ends_record: impl FnMut(&T) -> bool,
    ) -> Vec<Self> {
        assert!(parts > 0, "a slice cannot be cut into 0 parts");
        // More parts than elements could not all have an element.
        let parts = parts.min(self.len());
        let mut records = Vec::new();
        let mut start = 0;
        for part in 1..=parts {
            let ideal = fraction(self.len(), part, parts);
            // A long record has already run past this cut.
            if ideal <= start {
                continue;
            }
            let last = self[ideal - 1..].iter().position(&mut ends_record);
            let end = last.map_or(self.len(), |last| ideal + last);
            records.push(self.slice(start..end));
            start = end;
        }
        records
    }

    /// Cuts the slice into at most `parts` parts, each a whole number of records
    /// of `size` elements. The parts differ by at most one record.
    ///
    /// # Errors
    ///
    /// [`RecordError`] if the last record is not whole. What to do about it is
    /// yours to know: `slice` cuts it off.
    ///
    /// # Panics
    ///
    /// If `parts` or `size` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::buffer::SharedSlice;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pixels = SharedSlice::from_vec(vec![0_u8; 5 * 3]);
    /// let parts = pixels.split_fixed(2, 3)?;
    /// assert_eq!((parts[0].len(), parts[1].len()), (6, 9));
    /// # Ok(())
    /// # }
    /// ```
    pub fn split_fixed(&self, parts: usize, size: usize) -> Result<Vec<Self>, RecordError> {
        assert!(parts > 0, "a slice cannot be cut into 0 parts");
        assert!(size > 0, "a record of 0 elements is no record");
        let records = self.len() / size;
        if records * size != self.len() {
            let len = self.len();
            return Err(RecordError { len, size });
        }
        let parts = parts.min(records);
        let cut = |part| fraction(records, part, parts) * size;
        Ok((0..parts)
            .map(|part| self.slice(cut(part)..cut(part + 1)))
            .collect())
    }
}

impl SharedSlice<u8> {
    /// Cuts the text into at most `parts` parts of similar length, each ending
    /// after a `\n` or at the end of the text, as
    /// [`split_records`](Self::split_records) does. `\r\n` stays together.
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
    pub fn split_lines(&self, parts: usize) -> Vec<Self> {
        self.split_records(parts, |&byte| byte == b'\n')
    }
}

/// The slice is not a whole number of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordError {
    len: usize,
    size: usize,
}

impl RecordError {
    /// How many elements at the end are not a whole record.
    #[must_use]
    pub fn left_over(&self) -> usize {
        self.len % self.size
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { len, size } = self;
        let left = self.left_over();
        write!(
            f,
            "length {len} is {left} more than whole records of {size}"
        )
    }
}

impl Error for RecordError {}

/// `len * part / parts`, where the product may not fit a `usize`.
pub(super) fn fraction(len: usize, part: usize, parts: usize) -> usize {
    let exact = len as u128 * part as u128 / parts as u128;
    usize::try_from(exact).expect("part is at most parts, so the result is at most len")
}
