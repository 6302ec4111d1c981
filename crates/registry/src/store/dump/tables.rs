//! What a backup holds of which tables.

/// A table whose rows are known, not derived. Its columns are texts; `:n` behind a name means a number,
/// `:b` bytes. `order`: columns that tell its rows apart.
pub(super) struct Table {
    pub(super) name: &'static str,
    columns: &'static str,
    pub(super) order: &'static str,
}

/// In an order in which each row finds those that it refers to.
pub(super) const TABLES: [Table; 8] = [
    Table {
        name: "machine",
        columns: "id public_key kind school name enrolled_us:n revoked_us:n",
        order: "id, public_key",
    },
    Table {
        name: "enrolment",
        columns: "code_hash machine kind school name author made_us:n expires_us:n used_us:n",
        order: "code_hash",
    },
    Table { name: "pupil", columns: "id school class sealed:b added_us:n", order: "id" },
    Table { name: "webhook", columns: "id url secret made_us:n ended_us:n", order: "id" },
    Table { name: "delivery", columns: "id webhook body made_us:n due_us:n attempts:n trouble", order: "id" },
    Table { name: "audit", columns: "seq:n at_us:n who what about detail", order: "seq" },
    Table {
        name: "entry",
        columns: "seq:n id kind thing lesson at_us:n received_us:n author reason body",
        order: "seq",
    },
    Table {
        name: "fact",
        columns: "seq:n id lesson author kind at_us:n received_us:n body proof",
        order: "seq",
    },
];

/// A column's values in JSON.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Text,
    Number,
    /// As hexadecimal digits.
    Bytes,
}

impl Table {
    pub(super) fn columns(&self) -> impl Iterator<Item = (&'static str, Form)> {
        self.columns.split(' ').map(|column| match column.split_once(':') {
            None => (column, Form::Text),
            Some((name, "n")) => (name, Form::Number),
            Some((name, _)) => (name, Form::Bytes),
        })
    }

    pub(super) fn names(&self) -> String {
        self.columns().map(|(name, _)| name).collect::<Vec<_>>().join(", ")
    }
}
