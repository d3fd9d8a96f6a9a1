//! A followed folder in a component: listed by the host, known by rows of one collection.

use super::{PAGE, Source};
use crate::row::text;
use crate::{Fault, Query, Value, files, json};

/// Rows of one directory that are compared with what lies there.
const MOST_KNOWN: usize = 20_000;

/// A followed folder. Its rows have the fields `namespace`, `folder` and `parent`, the directory they lie in.
pub struct Followed<'a> {
    /// The collection of the rows.
    pub collection: &'a str,
    /// The namespace of who follows the folder: what is known of it lies there too.
    pub namespace: &'a str,
    /// The granted folder.
    pub folder: &'a str,
    /// The field of a row's path.
    pub path: &'a str,
    /// Fields that are read.
    pub fields: &'a [&'a str],
    /// The field and the value of rows that are not held to be of a file that lies there.
    pub apart: (&'a str, &'a str),
}

impl Followed<'_> {
    /// Its rows, all or the current ones.
    fn rows(&self, current: bool) -> Result<Query, Fault> {
        let rows = Query::of(self.collection).filter(json!(["folder", "=", self.folder]))?.filter(json!([
            "namespace",
            "=",
            self.namespace
        ]))?;
        if current { rows.filter(json!([self.apart.0, "!=", self.apart.1])) } else { Ok(rows) }
    }
}

impl Source for Followed<'_> {
    fn folder(&self) -> &str {
        self.folder
    }

    fn entries(&self, directory: &str, after: &str) -> Result<Vec<Value>, Fault> {
        files::entries(self.folder, directory, after, PAGE)
    }

    fn known(&self, directory: &str, current: bool) -> Result<Vec<(String, Value)>, Fault> {
        let query = self.rows(current)?.filter(json!(["parent", "=", directory]))?.select(self.fields)?;
        let rows = query.limit(PAGE).all(MOST_KNOWN)?;
        Ok(rows.into_iter().map(|row| (text(&row, self.path).to_owned(), row)).collect())
    }

    fn is_current(&self, row: &Value) -> bool {
        text(row, self.apart.0) != self.apart.1
    }

    fn directories(&self) -> Result<Vec<String>, Fault> {
        let groups = self.rows(true)?.group_count("parent")?;
        Ok(groups.iter().map(|(parent, _)| parent.as_str().unwrap_or_default().to_owned()).collect())
    }
}
