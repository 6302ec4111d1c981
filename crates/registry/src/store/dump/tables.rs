//! What a backup holds of which tables.

/// A table whose rows are known, not derived. Its columns are texts; `:n` behind a name means a number,
/// `:b` bytes. `order`: columns that tell its rows apart.
pub(super) struct Table {
    pub(super) name: &'static str,
    columns: &'static str,
    pub(super) order: &'static str,
    /// Rows that are read or written at a time.
    pub(super) rows: usize,
}

/// Rows at a time, if they are short.
const MANY: usize = 512;
/// Rows at a time of reports, which have up to 8 MiB.
const FEW: usize = 8;

/// In an order in which each row finds those that it refers to.
pub(super) const TABLES: [Table; 10] = [
    Table {
        name: "machine",
        columns: "id public_key kind school name enrolled_us:n revoked_us:n",
        order: "id, public_key",
        rows: MANY,
    },
    Table {
        name: "enrolment",
        columns: "code_hash machine kind school name author made_us:n expires_us:n used_us:n",
        order: "code_hash",
        rows: MANY,
    },
    Table {
        name: "account",
        columns: "id login name appointments password subject ended:n failures:n failed_us:n version:n",
        order: "id",
        rows: MANY,
    },
    Table { name: "pupil", columns: "id school class sealed:b added_us:n", order: "id", rows: MANY },
    Table { name: "webhook", columns: "id url secret made_us:n ended_us:n", order: "id", rows: MANY },
    Table {
        name: "delivery",
        columns: "id webhook body made_us:n due_us:n attempts:n trouble",
        order: "id",
        rows: MANY,
    },
    Table { name: "audit", columns: "seq:n at_us:n who what about detail", order: "seq", rows: MANY },
    Table {
        name: "entry",
        columns: "seq:n id kind thing lesson at_us:n received_us:n author reason body",
        order: "seq",
        rows: MANY,
    },
    Table {
        name: "fact",
        columns: "seq:n id lesson author kind at_us:n received_us:n body proof",
        order: "seq",
        rows: MANY,
    },
    Table {
        name: "report",
        columns: "seq:n id kind machine node_a school_a node_b school_b began_us:n received_us:n file",
        order: "seq",
        rows: FEW,
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
