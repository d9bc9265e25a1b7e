//! Whose submission is where: the usual layouts of a class folder.
//!
//! | Layout | Looks like | Whose |
//! | --- | --- | --- |
//! | Gradescope's export | `submission_metadata.yml`, `submission_123/…` | the names in the metadata, and when |
//! | Moodle | `Ada Lovelace_123456_assignsubmission_file_/…` | before the number |
//! | GitHub Classroom | `03-bounded-queue-ada/…`, each a clone | after the lesson's name |
//! | plain | `ada/…` or `ada.rs` | the name |

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use jiff::Timestamp;
use wt_grader::{GradeError, Lesson};
use yaml_rust2::{Yaml, YamlLoader};

/// What Gradescope's export has beside the submissions.
const METADATA: &str = "submission_metadata.yml";
const METADATA_LIMIT: u64 = 64 << 20;
/// In Moodle's folder names, behind the learner's name and a number.
const MOODLE: &str = "_assignsubmission_";

/// One learner's folder or file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// How it is called, in characters that can be shown; unique.
    pub name: String,
    /// How it is called in the class folder.
    pub entry: OsString,
    /// Whose it is.
    pub learner: String,
    /// When it was handed in, if the layout tells.
    pub handed_in: Option<Timestamp>,
    /// Whether the same learner has another one.
    pub duplicate: bool,
}

/// The submissions in `folder`, sorted by name.
///
/// # Errors
///
/// [`GradeError::Usage`] if it is no folder, or there are none.
pub fn submissions(folder: &Path, lesson: &Lesson) -> Result<Vec<Submission>, GradeError> {
    let shown = folder.display();
    let entries = fs::read_dir(folder).map_err(|error| {
        GradeError::Usage(match folder.is_file() {
            true => format!("`{shown}` is a file; give the folder with all submissions"),
            false => format!("cannot list `{shown}`: {error}"),
        })
    })?;
    let metadata = metadata(folder)?;
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry
            .map_err(|error| GradeError::Usage(format!("cannot list all of `{shown}`: {error}")))?;
        let is_source = Path::new(&entry.file_name()).extension() == Some(OsStr::new("rs"));
        // A link or a device is nobody's by accident: it is told as one that is rejected.
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let is_hidden = entry.file_name().as_bytes().starts_with(b".");
        if !is_hidden && (!is_file || is_source) {
            found.push(of_entry(entry.file_name(), lesson, &metadata));
        }
    }
    if found.is_empty() {
        return Err(GradeError::Usage(format!(
            "`{shown}` has no submission: neither a folder nor a file that ends in `.rs`"
        )));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    mark_duplicates(&mut found);
    Ok(found)
}

fn of_entry(
    entry: OsString,
    lesson: &Lesson,
    metadata: &HashMap<String, (String, Option<Timestamp>)>,
) -> Submission {
    let name = shown(&entry);
    if let Some((learner, handed_in)) = metadata.get(&name) {
        return Submission {
            name,
            entry,
            learner: learner.clone(),
            handed_in: *handed_in,
            duplicate: false,
        };
    }
    let bare = name.strip_suffix(".rs").unwrap_or(&name);
    let classroom = bare.strip_prefix(&format!("{}-", lesson.folder));
    let moodle = bare
        .split_once(MOODLE)
        .and_then(|(before, _)| before.rsplit_once('_'))
        .map(|(learner, _number)| learner);
    let learner = moodle.or(classroom).unwrap_or(bare).to_owned();
    Submission {
        name,
        entry,
        learner,
        handed_in: None,
        duplicate: false,
    }
}

/// A name that is no UTF-8 has its other bytes written out.
fn shown(entry: &OsStr) -> String {
    match entry.to_str() {
        Some(text) => text.to_owned(),
        None => entry.as_bytes().escape_ascii().to_string(),
    }
}

fn mark_duplicates(all: &mut [Submission]) {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for one in all.iter() {
        *count.entry(one.learner.clone()).or_default() += 1;
    }
    for one in all {
        one.duplicate = count.get(&one.learner).is_some_and(|count| *count > 1);
    }
}

/// By the folder's name: whose, and when.
fn metadata(folder: &Path) -> Result<HashMap<String, (String, Option<Timestamp>)>, GradeError> {
    let path = folder.join(METADATA);
    let Ok(file) = fs::File::open(&path) else {
        return Ok(HashMap::new());
    };
    let bad = |why: String| GradeError::Usage(format!("`{}`: {why}", path.display()));
    let mut text = String::new();
    file.take(METADATA_LIMIT)
        .read_to_string(&mut text)
        .map_err(|error| bad(error.to_string()))?;
    let documents = YamlLoader::load_from_str(&text).map_err(|error| bad(error.to_string()))?;
    let Some(Yaml::Hash(all)) = documents.into_iter().next() else {
        return Err(bad("it is no table of submissions".into()));
    };
    let known = all.iter().filter_map(|(name, about)| {
        let submitters = field(about, ":submitters").as_vec()?;
        let who: Vec<&str> = submitters
            .iter()
            .filter_map(|one| {
                field(one, ":email")
                    .as_str()
                    .or(field(one, ":name").as_str())
            })
            .collect();
        let when = field(about, ":created_at").as_str();
        let when = when.and_then(|text| text.trim().parse::<Timestamp>().ok());
        Some((name.as_str()?.to_owned(), (who.join(", "), when)))
    });
    Ok(known.collect())
}

fn field<'y>(yaml: &'y Yaml, name: &str) -> &'y Yaml {
    match yaml.as_hash() {
        Some(table) => table
            .get(&Yaml::String(name.into()))
            .unwrap_or(&Yaml::BadValue),
        None => &Yaml::BadValue,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lesson() -> Lesson {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        Lesson::read(&root.join("exercises/03-bounded-queue")).unwrap()
    }

    fn learners(names: &[&str]) -> Vec<(String, bool)> {
        let class = tempfile::tempdir().unwrap();
        for name in names {
            fs::create_dir(class.path().join(name)).unwrap();
        }
        let all = submissions(class.path(), &lesson()).unwrap();
        all.into_iter()
            .map(|one| (one.learner, one.duplicate))
            .collect()
    }

    #[test]
    fn every_layout_tells_whose_it_is() {
        assert_eq!(
            learners(&[
                "03-bounded-queue-ada",
                "Grace Hopper_1234_assignsubmission_file_",
                "linus"
            ]),
            [
                ("ada".into(), false),
                ("Grace Hopper".into(), false),
                ("linus".into(), false)
            ]
        );
        assert_eq!(
            learners(&["03-bounded-queue-ada", "ada"]),
            [("ada".into(), true), ("ada".into(), true)]
        );
    }

    #[test]
    fn gradescope_tells_who_and_when() {
        let class = tempfile::tempdir().unwrap();
        fs::create_dir(class.path().join("submission_7")).unwrap();
        fs::write(
            class.path().join(METADATA),
            "---\nsubmission_7:\n  :submitters:\n  - :name: Ada\n    :sid: 1\n    :email: ada@x.org\n  \
             :created_at: 2026-11-20T10:00:00Z\n",
        )
        .unwrap();
        let all = submissions(class.path(), &lesson()).unwrap();
        assert_eq!(all[0].learner, "ada@x.org");
        assert_eq!(
            all[0].handed_in.map(|when| when.to_string()).as_deref(),
            Some("2026-11-20T10:00:00Z")
        );
    }

    #[test]
    fn what_is_no_class_is_named() {
        let class = tempfile::tempdir().unwrap();
        let empty = submissions(class.path(), &lesson())
            .unwrap_err()
            .to_string();
        assert!(empty.contains("has no submission"), "{empty}");
        let file = class.path().join("a.rs");
        fs::write(&file, "").unwrap();
        let error = submissions(&file, &lesson()).unwrap_err().to_string();
        assert!(error.contains("is a file"), "{error}");
    }
}
