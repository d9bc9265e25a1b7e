//! Where everything goes in the output folder.

use std::collections::BTreeSet;
use std::path::Path;

use wt_grader::GradeError;
use wt_grader::files::{replace, sorted_entries};

use crate::book::Book;
use crate::out::{csv, file_stem, gradescope, html, junit};

/// The table.
pub const TABLE: &str = "grades.csv";
/// The class's page.
pub const REPORT: &str = "report/index.html";

/// Writes all that others read of `book`; what an earlier run wrote for submissions that
/// are gone goes, too. A reader sees each file old or new, never a part.
///
/// # Errors
///
/// [`GradeError::Fault`] with the path, as on a full disk. The journal has everything;
/// running the same command again writes the rest.
pub fn write(out: &Path, book: &Book) -> Result<(), GradeError> {
    replace(&out.join(TABLE), &csv::table(book))?;
    replace(&out.join("junit.xml"), &junit::document(book))?;
    replace(&out.join(REPORT), &html::report(book))?;
    let feedback = out.join("report").join(html::FEEDBACK);
    let results = out.join("gradescope");
    let mut pages = BTreeSet::new();
    let mut folders = BTreeSet::new();
    for (place, row) in book.rows.iter().enumerate() {
        let page = html::feedback_name(book, place);
        replace(&feedback.join(&page), &html::feedback(book, place))?;
        pages.insert(page);
        let stem = file_stem(book, place);
        replace(
            &results.join(&stem).join("results.json"),
            &gradescope::results(book, row),
        )?;
        folders.insert(stem);
    }
    keep_only(&feedback, &pages)?;
    keep_only(&results, &folders)
}

fn keep_only(folder: &Path, names: &BTreeSet<String>) -> Result<(), GradeError> {
    for path in sorted_entries(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if names.contains(name.as_ref()) {
            continue;
        }
        let removed = match path.is_dir() {
            true => std::fs::remove_dir_all(&path),
            false => std::fs::remove_file(&path),
        };
        removed.map_err(|error| GradeError::io("remove", &path, &error))?;
    }
    Ok(())
}
