//! Agreements (结对帮扶协议) and what schools promised (承诺清单).

use crate::id::{AgreementId, PairId, SchoolId};
use crate::lesson::Form;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An agreement of a pair: three years a round, as a rule two rounds or more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Its name.
    pub id: AgreementId,
    /// Whose.
    pub pair: PairId,
    /// When it was signed; none: not yet.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub signed: Option<Date>,
    /// 帮扶形式.
    pub forms: Vec<Form>,
    /// 帮扶任务, in words.
    #[serde(default)]
    pub duties: String,
    /// First and last day of 帮扶期限.
    #[schema(value_type = String, format = Date)]
    pub first: Date,
    /// Last day, included.
    #[schema(value_type = String, format = Date)]
    pub last: Date,
    /// Which round, from 1.
    pub round: u8,
}

/// What one school promised for one year beside 同步课堂 (承诺清单).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// Who.
    pub school: SchoolId,
    /// For which calendar year.
    pub year: i16,
    /// Which of the other three forms; empty: none was promised.
    pub forms: Vec<Form>,
}
