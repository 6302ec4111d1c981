//! Which passwords are taken. Long ones of any characters, none that is easily guessed, and no other rule: NIST
//! SP 800-63B §5.1.1.2, OWASP ASVS 5.0 §6.2.

use zxcvbn::Score;

/// Fewest characters.
pub const MIN_CHARS: usize = 10;
/// Most bytes: hashing should cost the same for everybody.
pub const MAX_BYTES: usize = 512;
/// Characters beyond which guessing is not judged any more; nor would it say anything else.
const JUDGED_CHARS: usize = 100;
/// Words of this place that attackers try first.
const OWN_WORDS: [&str; 6] = ["tongke", "同课", "同步课堂", "tongbuketang", "zhejiang", "jiaoyu"];

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// Fewer than [`MIN_CHARS`] characters.
    #[error("a password has at least {MIN_CHARS} characters")]
    Short,
    /// More than [`MAX_BYTES`].
    #[error("a password has at most {MAX_BYTES} bytes")]
    Long,
    /// It would be found among the first hundred million tries.
    #[error("this password is easily guessed; take several words that have nothing to do with each other")]
    Guessable,
    /// The one that there was.
    #[error("this is the password as it was")]
    Same,
}

/// Whether a password is taken. `about`: words that whoever guesses would try: names, the school's. Only in which year
/// it is asked matters besides: years that are near are guessed first.
pub fn check(password: &str, about: &[&str]) -> Result<(), PasswordProblem> {
    if password.chars().count() < MIN_CHARS {
        return Err(PasswordProblem::Short);
    }
    if password.len() > MAX_BYTES {
        return Err(PasswordProblem::Long);
    }
    let judged: String = password.chars().take(JUDGED_CHARS).collect();
    let words: Vec<&str> = about.iter().copied().chain(OWN_WORDS).collect();
    if zxcvbn::zxcvbn(&judged, &words).score() < Score::Three {
        return Err(PasswordProblem::Guessable);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_first_is_not_taken() {
        for guessed in
            ["1234567890", "password123", "qwertyuiop", "aaaaaaaaaaaa", "tongke2026", "abcdefghijkl"]
        {
            assert_eq!(check(guessed, &[]), Err(PasswordProblem::Guessable), "{guessed}");
        }
        assert_eq!(check("shanzhiming8", &["shanzhiming"]), Err(PasswordProblem::Guessable));
    }

    #[test]
    fn any_characters_will_do_if_there_are_enough() {
        for good in
            ["correct horse battery staple", "门前老树三月开花时候了", "xK4#pq9Lm!2z", "竹林 river 七弦 84"]
        {
            assert_eq!(check(good, &[]), Ok(()), "{good}");
        }
    }

    #[test]
    fn too_short_and_too_long_are_told_apart_and_length_costs_nothing() {
        assert_eq!(check("xK4#pq9Lm", &[]), Err(PasswordProblem::Short));
        assert_eq!(check(&"x".repeat(513), &[]), Err(PasswordProblem::Long));
        assert_eq!(check(&format!("xK4#pq9Lm!2z{}", "z".repeat(400)), &[]), Ok(()));
    }
}
