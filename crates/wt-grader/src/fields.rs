//! Typed access to a TOML file, with errors that name the place.

use toml::de::{DeTable, DeValue};

/// A table and where it stands, for error messages.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    table: DeTable<'a>,
    place: String,
}

impl<'a> Fields<'a> {
    /// Parses a file; the error is one line with the line number.
    pub(crate) fn parse(text: &'a str) -> Result<Self, String> {
        let table = DeTable::parse(text).map_err(|error| {
            let before = error
                .span()
                .map_or("", |span| &text[..span.start.min(text.len())]);
            format!(
                "line {}: {}",
                before.matches('\n').count() + 1,
                error.message()
            )
        })?;
        Ok(Self {
            table: table.into_inner(),
            place: String::from("the file"),
        })
    }

    /// The tables of a list such as `[[check]]`; empty if there is none.
    pub(crate) fn tables(&self, key: &str) -> Result<Vec<Self>, String> {
        let Some(value) = self.get(key) else {
            return Ok(Vec::new());
        };
        let list = value
            .as_array()
            .ok_or_else(|| format!("write `[[{key}]]` for each `{key}`"))?;
        list.iter()
            .map(|value| match value.get_ref() {
                DeValue::Table(table) => {
                    let mut fields = Self {
                        table: table.clone(),
                        place: format!("a `{key}`"),
                    };
                    if let Ok(id) = fields.text("id") {
                        fields.place = format!("`{key}` `{id}`");
                    }
                    Ok(fields)
                }
                _ => Err(format!("write `[[{key}]]` for each `{key}`")),
            })
            .collect()
    }

    pub(crate) fn text(&self, key: &str) -> Result<String, String> {
        match self.get(key).map(DeValue::as_str) {
            Some(Some(text)) if !text.trim().is_empty() => Ok(text.to_owned()),
            Some(Some(_)) => Err(self.problem(key, "is empty")),
            Some(None) => Err(self.problem(key, "is not a string")),
            None => Err(self.problem(key, "is missing")),
        }
    }

    pub(crate) fn text_or(&self, key: &str, default: &str) -> Result<String, String> {
        Ok(self.text_if(key)?.unwrap_or_else(|| default.to_owned()))
    }

    /// `None` if the key is not there.
    pub(crate) fn text_if(&self, key: &str) -> Result<Option<String>, String> {
        self.get(key).map(|_| self.text(key)).transpose()
    }

    pub(crate) fn number(&self, key: &str) -> Result<u32, String> {
        let value = self
            .get(key)
            .ok_or_else(|| self.problem(key, "is missing"))?;
        let digits = value.as_integer().filter(|number| number.radix() == 10);
        let number = digits.and_then(|number| number.as_str().parse().ok());
        number.ok_or_else(|| self.problem(key, "is not a whole number from 0"))
    }

    pub(crate) fn number_or(&self, key: &str, default: u32) -> Result<u32, String> {
        if self.get(key).is_some() {
            self.number(key)
        } else {
            Ok(default)
        }
    }

    pub(crate) fn texts(&self, key: &str) -> Result<Vec<String>, String> {
        let list = self.get(key).and_then(DeValue::as_array);
        let list = list.ok_or_else(|| self.problem(key, "is not a list of strings"))?;
        list.iter()
            .map(|value| match value.get_ref().as_str() {
                Some(text) => Ok(text.to_owned()),
                None => Err(self.problem(key, "is not a list of strings")),
            })
            .collect()
    }

    fn get(&self, key: &str) -> Option<&DeValue<'a>> {
        Some(self.table.get(key)?.get_ref())
    }

    fn problem(&self, key: &str, what: &str) -> String {
        format!("`{key}` of {} {what}", self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_line_or_the_field() {
        assert!(
            Fields::parse("a = 1\nb = ")
                .unwrap_err()
                .starts_with("line 2: ")
        );
        let fields = Fields::parse("n = \"x\"\n[[check]]\nid = \"a\"\nn = 3\n").unwrap();
        assert_eq!(
            fields.number("n"),
            Err("`n` of the file is not a whole number from 0".into())
        );
        let check = &fields.tables("check").unwrap()[0];
        assert_eq!(check.number("n"), Ok(3));
        assert_eq!(
            check.text("claim"),
            Err("`claim` of `check` `a` is missing".into())
        );
    }
}
