//! Schools by what people call them.
//!
//! A notice has 永嘉县瓯北第二小学, a report of the same year 瓯北二小. The ways in which such names are
//! shortened are few: the county is left out, then the town, 第二小学 becomes 二小. What follows from a
//! school's name and aliases by these ways is its too. What could be two schools is never one.

use super::Named;
use crate::id::SchoolId;
use crate::school::School;
use std::collections::{BTreeMap, BTreeSet};

/// Which schools are called so, by the plain form of the name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Names(BTreeMap<String, BTreeMap<SchoolId, BTreeSet<String>>>);

impl Names {
    /// Takes in what a school is called, each form with the places that its full forms name.
    pub(super) fn add(&mut self, school: &School) {
        for (form, places) in forms_of(school) {
            self.0.entry(form).or_default().insert(school.id.clone(), places);
        }
    }

    /// Forgets what a school was called.
    pub(super) fn remove(&mut self, school: &School) {
        for (form, _) in forms_of(school) {
            if let Some(schools) = self.0.get_mut(&form) {
                schools.remove(&school.id);
                if schools.is_empty() {
                    self.0.remove(&form);
                }
            }
        }
    }

    /// Who is called `written`, among those who belong.
    pub(super) fn find(&self, written: &str, belongs: impl Fn(&SchoolId) -> bool) -> Named {
        let plain = plain(written);
        let (places, rest) = without_region(&plain);
        let found = |form: &str, place: Option<&String>| -> Vec<SchoolId> {
            let schools = self.0.get(form).into_iter().flatten();
            // 平阳县实验小学 is not 永嘉县实验小学: the nearest place that is written must be the school's.
            let agrees = |places: &BTreeSet<String>| place.is_none_or(|place| places.contains(place));
            schools.filter(|(id, places)| belongs(id) && agrees(places)).map(|(id, _)| id.clone()).collect()
        };
        let mut schools = found(&plain, None);
        if schools.is_empty() {
            schools = found(rest, places.last());
        }
        if schools.is_empty()
            && let Some((town, rest)) = town(rest)
        {
            schools = found(&format!("{town}{rest}"), places.last());
        }
        match schools.len() {
            0 => Named::Unknown { like: self.like(rest, belongs) },
            1 => Named::One(schools.remove(0)),
            _ => Named::Several(schools),
        }
    }

    /// Who is called something that ends like it, or of which it is the end.
    fn like(&self, rest: &str, belongs: impl Fn(&SchoolId) -> bool) -> Vec<SchoolId> {
        if rest.is_empty() {
            return Vec::new();
        }
        let forms = self.0.iter().filter(|(form, _)| form.ends_with(rest) || rest.ends_with(form.as_str()));
        let ids: BTreeSet<&SchoolId> = forms.flat_map(|(_, schools)| schools.keys()).collect();
        ids.into_iter().filter(|id| belongs(id)).take(Named::MOST_LIKE).cloned().collect()
    }
}

/// All that a school is called, in plain form, each with the places that stand in its names.
fn forms_of(school: &School) -> BTreeMap<String, BTreeSet<String>> {
    let names = std::iter::once(&school.name).chain(&school.aliases);
    let plains: Vec<String> = names.map(|name| plain(name)).collect();
    let places: BTreeSet<String> = plains.iter().flat_map(|plain| without_region(plain).0).collect();
    let mut forms = BTreeSet::new();
    for plain in &plains {
        let (_, rest) = without_region(plain);
        forms.extend([plain.clone(), rest.to_owned()]);
        if let Some((town, rest)) = town(rest) {
            forms.insert(format!("{town}{rest}"));
            if !is_general(rest) {
                forms.insert(rest.to_owned());
            }
        }
    }
    forms.remove("");
    forms.into_iter().map(|form| (form, places.clone())).collect()
}

/// A name without what does not distinguish it: blanks, the width of letters, 第二小学 for 二小.
fn plain(name: &str) -> String {
    let letters = name.chars().map(half_width).filter(|c| !c.is_whitespace() && !is_invisible(*c));
    short_number(&letters.flat_map(char::to_lowercase).collect::<String>())
}

/// Full-width forms of ASCII stand at a fixed distance (Unicode, Halfwidth and Fullwidth Forms).
fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// 第二小学, 第2小学, 2小 → 二小; the same for 中学.
fn short_number(name: &str) -> String {
    for (long, short) in [("小学", "小"), ("初级中学", "初中"), ("高级中学", "高中"), ("中学", "中")]
    {
        if let Some(start) = name.strip_suffix(long)
            && let Some((start, number)) = start.rsplit_once('第')
            && let Some(number) = chinese(number)
        {
            return format!("{start}{number}{short}");
        }
    }
    for short in ["小", "初中", "高中", "中"] {
        if let Some(start) = name.strip_suffix(short) {
            let digits = start.len() - start.trim_end_matches(|c: char| c.is_ascii_digit()).len();
            let (start, number) = start.split_at(start.len() - digits);
            if let Some(number) = chinese(number) {
                return format!("{start}{number}{short}");
            }
        }
    }
    name.to_owned()
}

const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];

/// A number from 1 to 99 as it is written in names; none: it is none.
fn chinese(number: &str) -> Option<String> {
    let is_chinese = |c: char| c == '十' || DIGITS[1..].contains(&c);
    if !number.is_empty() && number.chars().all(is_chinese) {
        return Some(number.to_owned());
    }
    let value: usize = number.parse().ok().filter(|it| (1..=99).contains(it))?;
    let (tens, ones) = (value / 10, value % 10);
    let mut text = String::new();
    if tens > 1 {
        text.push(DIGITS[tens]);
    }
    if tens > 0 {
        text.push('十');
    }
    if ones > 0 {
        text.push(DIGITS[ones]);
    }
    Some(text)
}

/// The province, city and county before a name, from the largest, and the name without them.
fn without_region(name: &str) -> (Vec<String>, &str) {
    let (mut places, mut rest) = (Vec::new(), name);
    while let Some((place, behind)) = place(rest, &['省', '市', '县', '区'], 4) {
        places.push(place.to_owned());
        rest = behind;
    }
    (places, rest)
}

/// The town before a name, without the word for it, and what follows: 碧莲镇大岙小学 → 碧莲, 大岙小学.
fn town(name: &str) -> Option<(&str, &str)> {
    let (place, rest) = place(name, &['镇', '乡'], 4)?;
    Some((place.trim_end_matches(['镇', '乡']), rest))
}

/// A place before a name: two to `longest` characters of which the last is one of `ends`. What follows
/// must still be a name: 新区小学 is in no district 新区.
fn place<'a>(name: &'a str, ends: &[char], longest: usize) -> Option<(&'a str, &'a str)> {
    let end = name.char_indices().take(longest).skip(1).find(|(_, c)| ends.contains(c));
    let (at, c) = end?;
    let (place, rest) = name.split_at(at + c.len_utf8());
    (rest.chars().count() >= 2 && !matches!(rest, "小学" | "中学" | "学校")).then_some((place, rest))
}

/// Whether every town may have a school of that name: 中心小学, 二小, 实验学校.
fn is_general(name: &str) -> bool {
    const ENDS: [&str; 10] =
        ["九年一贯制学校", "初级中学", "高级中学", "小学", "初中", "高中", "中学", "学校", "小", "中"];
    let Some(stem) = ENDS.iter().find_map(|end| name.strip_suffix(end)) else { return false };
    stem.chars().all(|c| c == '十' || DIGITS.contains(&c))
        || matches!(stem, "中心" | "实验" | "外国语" | "外国语实验" | "城关" | "希望")
}
