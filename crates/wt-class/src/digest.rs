//! SHA-256 as text.

use sha2::{Digest, Sha256};

/// Of bytes that come one after the other.
#[derive(Debug, Default)]
pub(crate) struct Sum(Sha256);

impl Sum {
    /// Adds a part, its length first: so the same bytes cut otherwise have another sum.
    pub(crate) fn part(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// All of it, in hexadecimal.
    pub(crate) fn hex(self) -> String {
        let all = self.0.finalize();
        all.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// As much as tells two versions apart: the first 8 bytes, in hexadecimal.
    pub(crate) fn short(self) -> String {
        format!("{:016x}", self.number())
    }

    /// The first 8 bytes.
    pub(crate) fn number(self) -> u64 {
        let all = self.0.finalize();
        let first = all.iter().take(8);
        first.fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

/// The short sum of one text.
pub(crate) fn short(bytes: &[u8]) -> String {
    Sum(Sha256::new_with_prefix(bytes)).short()
}
