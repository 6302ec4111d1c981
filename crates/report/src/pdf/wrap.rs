//! Where lines end. Between Chinese characters anywhere, but for marks that must not begin or end a line (禁则,
//! W3C clreq §3.1.3); between words of other scripts at spaces.

use super::font::Font;

/// What must not begin a line.
const NOT_FIRST: &str = "、。，．：；？！）］｝】》〉」』〕…—％‰℃’”·,.;:?!)]}%";
/// What must not end a line.
const NOT_LAST: &str = "（［｛【《〈「『〔‘“([{";

/// The lines of a text that is set this wide. A word that is wider than a line is broken.
pub(super) fn wrap(font: &Font, text: &str, size: f64, width: f64) -> Vec<String> {
    let text = font.settable(text);
    let mut lines = Vec::new();
    let (mut line, mut line_width) = (String::new(), 0.0);
    for piece in pieces(&text) {
        let piece_width = font.width(piece.trim_end_matches(' '), size);
        if line_width + piece_width > width && !line.is_empty() {
            lines.push(line.trim_end().to_owned());
            (line, line_width) = (String::new(), 0.0);
        }
        let piece = if line.is_empty() { piece.trim_start_matches(' ') } else { piece };
        if piece_width > width {
            for c in piece.chars() {
                let advance = font.advance(c) * size;
                if line_width + advance > width && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    line_width = 0.0;
                }
                line.push(c);
                line_width += advance;
            }
        } else {
            line.push_str(piece);
            line_width += font.width(piece, size);
        }
    }
    if !line.trim_end().is_empty() || lines.is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// What stays together, in order; spaces belong to what is before them.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut begin = 0;
    let mut before: Option<char> = None;
    for (at, c) in text.char_indices() {
        if before.is_some_and(|before| may_end(before, c)) {
            pieces.push(&text[begin..at]);
            begin = at;
        }
        before = Some(c);
    }
    pieces.push(&text[begin..]);
    pieces
}

fn may_end(before: char, after: char) -> bool {
    if NOT_FIRST.contains(after) || NOT_LAST.contains(before) || after == ' ' {
        return false;
    }
    before == ' ' || is_wide(before) || is_wide(after) || matches!(before, '/' | '-')
}

/// Characters between which a line may end: Chinese, and the full-width marks.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, letters: f64) -> Vec<String> {
        wrap(&Font::embedded(), text, 10.0, letters * 10.0 + 0.01)
    }

    #[test]
    fn chinese_is_broken_anywhere_but_before_marks_that_close_and_after_those_that_open() {
        assert_eq!(lines("同步课堂的延时", 4.0), ["同步课堂", "的延时"]);
        assert_eq!(lines("同步课堂，延时", 4.0), ["同步课", "堂，延时"]);
        assert_eq!(lines("同步课（延时）", 4.0), ["同步课", "（延时）"]);
    }

    #[test]
    fn words_stay_whole_unless_they_are_wider_than_a_line() {
        assert_eq!(lines("one two three", 4.2), ["one two", "three"]);
        assert_eq!(lines("延时 ITU-T", 4.0), ["延时", "ITU-T"]);
        let long = lines(&"x".repeat(40), 4.0);
        assert!(long.len() > 3 && long.concat() == "x".repeat(40));
    }

    #[test]
    fn a_number_is_not_parted_from_its_unit() {
        assert_eq!(lines("about 150\u{a0}ms", 3.4).last().unwrap(), "150\u{a0}ms");
    }

    #[test]
    fn nothing_is_one_empty_line() {
        assert_eq!(lines("", 4.0), [""]);
    }

    #[test]
    fn a_character_without_a_glyph_is_told_by_its_number() {
        assert_eq!(lines("𠮷田", 20.0), ["〔U+20BB7〕田"]);
        assert_eq!(lines("垟镇", 20.0), ["垟镇"]);
    }
}
