//! The code of a schedule: short enough to type, and it says what it belongs to.
//!
//! 18 characters carry 90 bits. No letter looks like a digit, small letters and the
//! hyphens do not matter, and a mistyped character is noticed.

use std::fmt;

/// The version of this form. A code of another one is not understood.
const VERSION: u64 = 1;

/// Crockford's digits: no I, L, O and U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 18;
const GROUP: usize = 6;

/// How many bits each part has; a hash is cut to them.
const VERSION_BITS: u32 = 4;
const LESSON_BITS: u32 = 10;
const CHECK_BITS: u32 = 10;
const MADE_BITS: u32 = 10;
const SOURCE_BITS: u32 = 14;
const KIND_BITS: u32 = 1;
const NUMBER_BITS: u32 = 32;
const SUM_BITS: u32 = 9;

/// A schedule, and what it was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Of the lesson's id.
    pub lesson: u64,
    /// Of the check's id.
    pub check: u64,
    /// Of what explores and of what is asked: the kit and the hidden checks.
    pub made: u64,
    /// Of the source in which the schedule was found.
    pub source: u64,
    /// Whether it belongs to a search in depth.
    pub in_depth: bool,
    /// Its number.
    pub number: u32,
}

/// Why a text is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCode {
    /// Another number of characters, or one that no code has.
    Form,
    /// A character is another than it was.
    Mistyped,
    /// Of a version that this program does not know.
    Version(u64),
}

impl Code {
    /// With each part cut to what a code has room for, so that two can be compared.
    #[must_use]
    pub fn cut(self) -> Self {
        let bits = |value: u64, bits: u32| value & ((1 << bits) - 1);
        Self {
            lesson: bits(self.lesson, LESSON_BITS),
            check: bits(self.check, CHECK_BITS),
            made: bits(self.made, MADE_BITS),
            source: bits(self.source, SOURCE_BITS),
            ..self
        }
    }

    /// Reads what [`Display`](fmt::Display) wrote.
    ///
    /// # Errors
    ///
    /// [`NoCode`] says why it is none.
    pub fn parse(text: &str) -> Result<Self, NoCode> {
        let mut all: u128 = 0;
        let mut length = 0;
        for c in text.chars().filter(|c| !matches!(c, '-' | ' ')) {
            let digit = match c.to_ascii_uppercase() {
                'O' => 0,
                'I' | 'L' => 1,
                c => (DIGITS.iter())
                    .position(|digit| char::from(*digit) == c)
                    .ok_or(NoCode::Form)? as u128,
            };
            length += 1;
            if length > LENGTH {
                return Err(NoCode::Form);
            }
            all = (all << 5) | digit;
        }
        if length != LENGTH {
            return Err(NoCode::Form);
        }
        let (sum, rest) = (all & mask(SUM_BITS), all >> SUM_BITS);
        if sum != u128::from(checksum(rest)) {
            return Err(NoCode::Mistyped);
        }
        let mut left = rest;
        let mut take = |bits: u32| {
            let value = (left & mask(bits)) as u64;
            left >>= bits;
            value
        };
        let number = take(NUMBER_BITS);
        let in_depth = take(KIND_BITS) == 1;
        let source = take(SOURCE_BITS);
        let made = take(MADE_BITS);
        let check = take(CHECK_BITS);
        let lesson = take(LESSON_BITS);
        let version = take(VERSION_BITS);
        if version != VERSION {
            return Err(NoCode::Version(version));
        }
        Ok(Self {
            lesson,
            check,
            made,
            source,
            in_depth,
            number: u32::try_from(number).unwrap_or(u32::MAX),
        })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut = self.cut();
        let mut rest: u128 = 0;
        for (value, bits) in [
            (VERSION, VERSION_BITS),
            (cut.lesson, LESSON_BITS),
            (cut.check, CHECK_BITS),
            (cut.made, MADE_BITS),
            (cut.source, SOURCE_BITS),
            (u64::from(cut.in_depth), KIND_BITS),
            (u64::from(cut.number), NUMBER_BITS),
        ] {
            rest = (rest << bits) | u128::from(value);
        }
        let all = (rest << SUM_BITS) | u128::from(checksum(rest));
        for n in 0..LENGTH {
            if n > 0 && n % GROUP == 0 {
                f.write_str("-")?;
            }
            let digit = (all >> (5 * (LENGTH - 1 - n))) & 31;
            write!(f, "{}", char::from(DIGITS[digit as usize]))?;
        }
        Ok(())
    }
}

fn mask(bits: u32) -> u128 {
    (1 << bits) - 1
}

/// A polynomial remainder (CRC-9): any one character, and any two neighbours that
/// change places, give another.
fn checksum(rest: u128) -> u64 {
    const POLYNOMIAL: u64 = 0b1_0001_0001;
    let mut sum: u64 = 0;
    for bit in (0..81).rev() {
        let is_set = (rest >> bit) & 1 == 1;
        let top = (sum >> (SUM_BITS - 1)) & 1 == 1;
        sum = (sum << 1) & ((1 << SUM_BITS) - 1);
        if is_set != top {
            sum ^= POLYNOMIAL;
        }
    }
    sum
}

/// FNV-1a over some texts: the same on every machine and with every compiler.
#[must_use]
pub fn hash<'a>(texts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut feed = |byte: u8| {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    };
    for text in texts {
        text.iter().copied().for_each(&mut feed);
        // So that `ab`, `c` is not `a`, `bc`.
        feed(0);
        feed(0xff);
    }
    // The low bits of FNV are the weak ones.
    hash ^ (hash >> 29) ^ (hash >> 47)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: Code = Code {
        lesson: 0x3ff,
        check: 1,
        made: 0x155,
        source: 0x2abc,
        in_depth: false,
        number: 0xdead_beef,
    };

    #[test]
    fn a_code_reads_back_the_same_however_it_is_typed() {
        let text = CODE.to_string();
        assert_eq!(text.len(), 20);
        assert_eq!(Code::parse(&text), Ok(CODE));
        assert_eq!(
            Code::parse(&text.to_lowercase().replace('-', " ")),
            Ok(CODE)
        );
        let one = Code {
            in_depth: true,
            number: 0,
            lesson: 0,
            ..CODE
        };
        let text = one.to_string();
        let typed = text.replace('0', "o").replace('1', "l");
        assert_eq!(Code::parse(&typed), Ok(one));
    }

    #[test]
    fn one_wrong_character_and_two_that_changed_places_are_noticed() {
        let text: Vec<char> = CODE.to_string().chars().filter(|c| *c != '-').collect();
        for at in 0..LENGTH {
            for digit in DIGITS {
                let mut other = text.clone();
                other[at] = char::from(*digit);
                if other != text {
                    let other: String = other.into_iter().collect();
                    assert_eq!(Code::parse(&other), Err(NoCode::Mistyped), "{other}");
                }
            }
            if at + 1 < LENGTH && text[at] != text[at + 1] {
                let mut other = text.clone();
                other.swap(at, at + 1);
                let other: String = other.into_iter().collect();
                assert_eq!(Code::parse(&other), Err(NoCode::Mistyped), "{other}");
            }
        }
    }

    #[test]
    fn what_is_no_code_says_why() {
        assert_eq!(Code::parse("03"), Err(NoCode::Form));
        assert_eq!(Code::parse(""), Err(NoCode::Form));
        assert_eq!(Code::parse("ZZZZZZ-ZZZZZZ-ZZZZZU"), Err(NoCode::Form));
        assert_eq!(Code::parse(&"A".repeat(19)), Err(NoCode::Form));
    }

    #[test]
    fn a_hash_depends_on_where_a_text_ends() {
        assert_ne!(
            hash([b"ab".as_slice(), b"c"]),
            hash([b"a".as_slice(), b"bc"])
        );
        assert_eq!(hash([b"a".as_slice()]), hash([b"a".as_slice()]));
    }
}
