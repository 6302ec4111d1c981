//! The whole from its lines.

use super::{Grade, Line, Overall, Verdict, Why};

/// The worst mandatory line decides. Where one of them says nothing the whole is 无法判定; but for a line that has
/// failed: no other line could make that good again, and a muted microphone must not hide it.
///
/// A quantity that was measured in several scopes says something as soon as one of them does.
pub(super) fn of(lines: &[Line]) -> Overall {
    let mandatory: Vec<usize> = (0..lines.len()).filter(|index| lines[*index].mandatory).collect();
    let says_something = |index: usize| {
        let (quantity, way) = (lines[index].quantity, lines[index].way);
        let alike = lines.iter().filter(|line| line.quantity == quantity && line.way == way);
        alike.into_iter().any(|line| line.verdict.counts_as().is_some())
    };
    let missing: Vec<usize> = mandatory.iter().copied().filter(|index| !says_something(*index)).collect();
    let worst = |of: &dyn Fn(Verdict) -> Option<Grade>| {
        mandatory.iter().filter_map(|index| of(lines[*index].verdict)).max()
    };
    let (worse, better) = (worst(&Verdict::counts_as), worst(&best_case));
    let (Some(worse), Some(better)) = (worse, better) else {
        return Overall {
            verdict: Verdict::Undecided(Why::MandatoryMissing),
            decided_by: missing.clone(),
            missing,
        };
    };
    if worse != Grade::Fail && !missing.is_empty() {
        return Overall {
            verdict: Verdict::Undecided(Why::MandatoryMissing),
            decided_by: missing.clone(),
            missing,
        };
    }
    let is_worst = |index: &usize| lines[*index].verdict.counts_as() == Some(worse);
    let decided_by = mandatory.iter().copied().filter(is_worst).collect();
    Overall { verdict: Verdict::between(worse, better), decided_by, missing }
}

fn best_case(verdict: Verdict) -> Option<Grade> {
    match verdict {
        Verdict::Borderline { better, .. } => Some(better),
        other => other.counts_as(),
    }
}
