//! What people ask of the registry, over and over, each time of another county or school. What is timed is
//! the whole answer, up to its JSON.

use super::Trouble;
use super::timetable::{PAIRS, after, city, county, schools};
use jiff::civil::date;
use serde::Serialize;
use std::time::{Duration, Instant};
use tongke_pairing::rules::RuleSet;
use tongke_registry::answers::{Answers, Question};
use tongke_registry::store::{LessonFilter, Store};

/// How often each is asked.
const TIMES: u32 = 40;
/// How often the whole province is asked about.
const TIMES_PROVINCE: u32 = 5;

pub async fn measure(store: &Store, counties: u32) -> Result<(), Trouble> {
    let rules = rules();
    let answers = Answers::new(store, &rules, after());
    let term = over("t2");
    let year = Question { rules: Some("2021".to_owned()), ..over("2021") };
    let of = |n: u32| county(1 + (n * 7) % counties);
    let school = |n: u32| schools(1 + (n * 7) % counties, (n * 13) % PAIRS)[1].clone();
    // What is read for the first time comes from the disk, and the book is read once.
    let first = answers.overview(&of(0), &term).await?;
    let expected = 2 * PAIRS;
    if first.schools != expected || first.numbers.lessons.held == 0 {
        return Err(
            format!("{} schools, {:?}: is it filled and settled?", first.schools, first.numbers).into()
        );
    }
    ask("county overview", TIMES, async |n| said(&answers.overview(&of(n), &term).await?)).await?;
    ask("one school's progress", TIMES, async |n| said(&answers.school_progress(&school(n), &term).await?))
        .await?;
    ask("one school's progress, forms to choose from", TIMES, async |n| {
        said(&answers.school_progress(&school(n), &year).await?)
    })
    .await?;
    ask("county score sheet", TIMES, async |n| said(&answers.score(&of(n), None, &year).await?)).await?;
    ask("progress of 50 schools of a county", TIMES, async |n| {
        said(&answers.region_progress(&of(n), &term, None, 50).await?)
    })
    .await?;
    ask("county duties", TIMES, async |n| said(&answers.duties(&of(n), &year).await?)).await?;
    ask("county's monthly report", TIMES, async |n| {
        said(&answers.monthly(&of(n), "2021-06", &Question::default()).await?)
    })
    .await?;
    ask("a school's lessons, two pages of 50", TIMES, async |n| list(store, &school(n)).await).await?;
    ask("city score sheet", TIMES_PROVINCE, async |n| {
        said(&answers.score(&city(1 + n % counties), None, &year).await?)
    })
    .await?;
    ask("the whole province's overview", TIMES_PROVINCE, async |_| {
        said(&answers.overview("zhejiang", &term).await?)
    })
    .await
}

/// The shipped sets, and that of 2019, which has a score sheet, as if it were for 2021.
fn rules() -> Vec<RuleSet> {
    let mut rules = RuleSet::shipped();
    let scored = rules.iter().find(|set| set.rubric.is_some()).cloned();
    rules.extend(scored.map(|set| RuleSet {
        name: "2021".to_owned(),
        first: date(2021, 1, 1),
        last: Some(date(2021, 1, 1)),
        ..set
    }));
    rules
}

fn over(period: &str) -> Question {
    Question { period: Some(period.to_owned()), ..Question::default() }
}

/// The answer as it would be sent; how many bytes it has.
fn said(answer: &impl Serialize) -> Result<usize, Trouble> {
    Ok(serde_json::to_vec(answer)?.len())
}

async fn list(store: &Store, school: &str) -> Result<usize, Trouble> {
    let filter = LessonFilter { school: Some(school.parse()?), ..LessonFilter::default() };
    let first = store.lessons(&filter, None, 50).await?;
    let cursor = first.last().map(|lesson| lesson.cursor());
    let second = store.lessons(&filter, cursor.as_ref(), 50).await?;
    Ok(first.len() + second.len())
}

async fn ask(
    what: &str,
    times: u32,
    question: impl AsyncFn(u32) -> Result<usize, Trouble>,
) -> Result<(), Trouble> {
    let (mut all, mut longest) = (Vec::new(), 0);
    for n in 0..times {
        let begin = Instant::now();
        longest = longest.max(question(n).await?);
        all.push(begin.elapsed());
    }
    report(what, all, longest);
    Ok(())
}

fn report(what: &str, mut times: Vec<Duration>, size: usize) {
    times.sort();
    let at = |share: usize| times[(times.len() * share).div_ceil(100).saturating_sub(1)].as_secs_f64() * 1e3;
    let [middle, late, slowest] = [50, 95, 100].map(at);
    println!(
        "{what}: p50 {middle:.1} ms, p95 {late:.1} ms, slowest {slowest:.1} ms; up to {size} bytes or lines"
    );
}
