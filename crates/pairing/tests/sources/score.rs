//! The score sheet of 2019 (S002, attachment 4), rule by rule.

use crate::world::*;
use jiff::civil::date;
use tongke_pairing::entry::Value;
use tongke_pairing::id::SchoolId;
use tongke_pairing::inputs::{Index, Region};
use tongke_pairing::lesson::Form;
use tongke_pairing::period::Period;
use tongke_pairing::points::{PointRange, Points};
use tongke_pairing::rubric::{Evidence, ItemScore, Sheet, score};
use tongke_pairing::school::Closure;

fn sheet(world: &World, region: &Region) -> Sheet {
    let index = Index::new(world.inputs());
    score(&index, &world.rules, &world.settings, region, &Period::Year(2019)).unwrap()
}

fn item(world: &World, region: &Region, id: &str) -> ItemScore {
    sheet(world, region).items.into_iter().find(|it| it.id == id).unwrap()
}

fn exactly(points: f64) -> PointRange {
    PointRange::exactly(Points::from(points))
}

fn between(at_least: f64, at_most: f64) -> PointRange {
    PointRange { at_least: at_least.into(), at_most: at_most.into() }
}

/// Points of an item for the county, then for the city.
fn both(world: &World, id: &str) -> (PointRange, PointRange) {
    (item(world, &county(), id).points, item(world, &city(), id).points)
}

/// A county that has done everything by the end of 2019.
fn perfect() -> World {
    let mut it = world("2019");
    it.as_of = date(2020, 1, 31);
    let ids: Vec<String> = it.schools.iter().map(|school| school.id.to_string()).collect();
    for id in &ids {
        let of = format!("school:{id}");
        it.report(&of, "equipment_ready", "2019", Value::Day(date(2019, 8, 31)));
        it.report(&of, "equipment_standard", "2019", Value::Flag(true));
        it.report(&of, "space_open", "2019", Value::Day(date(2019, 6, 30)));
        it.report(&of, "small_school", "2019", Value::Flag(false));
        for subject in ["语文", "数学"] {
            it.done(id, Form::SyncClass, subject, "2019-1", 10);
        }
        it.done(id, Form::TeacherStudy, "", "2019-1", 12);
        it.promised(id, &[Form::TeacherStudy]);
    }
    for (pair, ..) in PAIRS {
        it.agreed(pair, Some(date(2019, 5, 31)), date(2019, 5, 31), &[Form::SyncClass, Form::TeacherStudy]);
    }
    for region in ["region:yongjia", "region:wenzhou"] {
        for who in ["pupils", "teachers", "parents", "society"] {
            it.report(region, &format!("satisfaction_{who}"), "2019", Value::Number(0.9));
        }
        it.report(region, "cases_submitted", "2019", Value::Number(2.0));
        it.report(region, "cases_rank", "2019", Value::Number(1.0));
        it.report(region, "cases_ranked", "2019", Value::Number(11.0));
        it.report(region, "experiment_zone", "2019", Value::Flag(true));
        it.report(region, "pairs_planned", "2019", Value::Number(10.0));
    }
    it
}

/// Takes back what was reported.
fn unreport(world: &mut World, of: &str, what: &str) {
    world.reported.retain(|it| !(it.of == of && it.what == what));
}

fn report_again(world: &mut World, of: &str, what: &str, value: Value) {
    unreport(world, of, what);
    world.report(of, what, "2019", value);
}

#[test]
fn nothing_missed_is_a_hundred_and_ninety_five_with_five_that_nobody_can_get() {
    for region in [county(), city()] {
        let sheet = sheet(&perfect(), &region);
        for item in &sheet.items {
            assert_eq!(
                (item.points, item.losses.len()),
                (exactly(item.full.into()), 0),
                "{}: {item:?}",
                item.id
            );
        }
        assert_eq!(sheet.total, exactly(195.0), "90 % and above includes 90, 31 August is in August");
        assert_eq!(sheet.unknown, Points::from(5.0));
        let a = &sheet.parts[0];
        assert_eq!((&*a.id, a.full, a.points), ("A", Points::from(100.0), exactly(95.0)));
        let a1 = &a.groups[0];
        assert_eq!((&*a1.id, a1.full, a1.unknown, a1.points), ("A1", 30.0.into(), 5.0.into(), exactly(25.0)));
        assert!(a1.unknown_why.contains("25"), "{}", a1.unknown_why);
        assert_eq!(sheet.parts[1].points, exactly(100.0));
        assert!(sheet.is_final);
    }
}

#[test]
fn nothing_known_is_nothing_decided() {
    let mut it = world("2019");
    it.as_of = date(2020, 1, 31);
    it.tallies.clear();
    let sheet = sheet(&it, &county());
    assert!(!sheet.total.is_exact());
    for id in ["A1.3", "A1.4", "A2.1", "A2.2", "B1.1", "B2.1", "B2.2", "B3"] {
        let item = sheet.items.iter().find(|it| it.id == id).unwrap();
        let undecided = item.points.at_most == item.full && !item.points.is_exact();
        assert!(undecided, "{id}: {:?} {:?}", item.points, item.why);
    }
    // What is counted here is known to be nothing.
    let item = sheet.items.iter().find(|it| it.id == "A3.1c").unwrap();
    assert_eq!((item.points, item.losses.len()), (exactly(0.0), 20));
    assert_eq!(item.not_taken, exactly(10.0), "twenty schools lose a point each, the item has ten");
    // Whatever was promised, it was missed; what that costs depends on what it was.
    let item = sheet.items.iter().find(|it| it.id == "A3.2").unwrap();
    assert_eq!((item.losses[0].points, item.losses[0].why.code.as_str()), (between(1.0, 12.0), "missed_all"));
}

#[test]
fn the_share_of_pairs_within_the_county() {
    let mut it = perfect();
    // 20 schools within the county, 3 with partners in the city, 1 in the province (S003): 14 pairs.
    for (n, id) in ["c1", "c2", "c3", "r1"].into_iter().enumerate() {
        it.schools.push(school(id, true));
        let mut partner = school(&format!("{id}-far"), false);
        partner.county = "elsewhere".parse().unwrap();
        if id == "r1" {
            partner.city = "hangzhou".parse().unwrap();
        }
        it.schools.push(partner);
        it.pairs.push(pair(&format!("x{n}"), &format!("{id}-far"), id, date(2019, 3, 1)));
    }
    // 10 of 14 are 71.43 %, 8.57 points below 80 %.
    let (of_county, of_city) = both(&it, "A1.1");
    assert_eq!((of_county, of_city), (exactly(1.0), exactly(4.2)), "8 × 0.5 and 8 × 0.1");
    let losses = item(&it, &county(), "A1.1").losses;
    assert_eq!(losses[0].why.detail, "71.43 % of 80.00 %");
    it.with("point_steps", "begun");
    assert_eq!(both(&it, "A1.1").0, exactly(0.5));
    it.with("point_steps", "pro_rata");
    assert_eq!(both(&it, "A1.1").0, exactly(0.7143));
    // Of schools it is 20 of 24, and nothing is lost; of the city's schools 20 of 27.
    it.with("point_steps", "whole").with("ratio_of", "schools");
    assert_eq!(both(&it, "A1.1"), (exactly(5.0), exactly(4.5)));
    // Without a ratio nobody can say; with a published share it is that one.
    it.with("region_ratio", "not_set");
    assert_eq!(both(&it, "A1.1").0, between(0.0, 5.0));
    it.with("region_ratio", "0.8");
    it.report("region:yongjia", "region_ratio", "2019", Value::Number(0.77));
    let published = item(&it, &county(), "A1.1");
    assert_eq!(published.points, exactly(3.5));
    assert!(matches!(&published.losses[0].evidence[0], Evidence::Figure { source, .. } if source == "S003"));
}

#[test]
fn pairs_that_are_not_of_town_and_country() {
    let mut it = perfect();
    it.report("pair:p3", "conforms", "2019", Value::Flag(false));
    it.schools.iter_mut().find(|it| it.id.as_str() == "shiyan").unwrap().rural = true;
    let of_county = item(&it, &county(), "A1.2");
    assert_eq!(of_county.points, exactly(4.0));
    let pairs: Vec<&str> = of_county.losses.iter().map(|it| it.pair.as_ref().unwrap().as_str()).collect();
    assert_eq!(pairs, ["p1", "p3"]);
    let of_city = item(&it, &city(), "A1.2");
    assert_eq!((of_city.points, &*of_city.why.code), (exactly(5.0), "no_deduction_stated"));
    // A pair over two counties is one county's loss.
    let chengxi = it.schools.iter_mut().find(|it| it.id.as_str() == "chengxi").unwrap();
    chengxi.county = "elsewhere".parse().unwrap();
    let elsewhere = Region { id: "elsewhere".parse().unwrap(), ..county() };
    for (setting, here, there) in [("receiving", 4.0, 5.0), ("supporting", 4.5, 4.5), ("each", 4.0, 4.5)] {
        it.with("pair_charged", setting);
        assert_eq!(item(&it, &county(), "A1.2").points, exactly(here), "{setting}");
        assert_eq!(item(&it, &elsewhere, "A1.2").points, exactly(there), "{setting}");
    }
}

#[test]
fn small_schools_without_a_pair() {
    let mut it = perfect();
    for (id, pupils) in
        [("s200", Some(200)), ("s201", Some(201)), ("s0", Some(0)), ("sx", None), ("gone", Some(50))]
    {
        let mut school = school(id, true);
        school.pupils = pupils;
        it.schools.push(school);
    }
    for id in ["s200", "gone", "s0"] {
        it.report(&format!("school:{id}"), "small_school", "2019", Value::Flag(true));
    }
    it.report("school:daao", "small_school", "2019", Value::Flag(true));
    it.report("school:gone", "merger_planned", "2019", Value::Flag(true));
    // Published: s200, s0 (no pupils: exempt), gone (to be merged: exempt), 大岙 (has a pair).
    let of_county = item(&it, &county(), "A1.3");
    assert_eq!((of_county.points, of_county.losses.len()), (exactly(9.0), 1));
    assert_eq!(of_county.losses[0].school, "s200".parse::<SchoolId>().ok());
    assert_eq!(both(&it, "A1.3").1, exactly(9.9));
    // By pupils: 200 counts as small, 201 does not, a school whose pupils nobody knows may be.
    it.with("small_schools", "by_pupils");
    assert_eq!(both(&it, "A1.3"), (between(8.0, 9.0), between(9.8, 9.9)));
    let settings = item(&it, &county(), "A1.3").settings;
    let published = settings.iter().find(|it| it.name == "small_schools").unwrap();
    assert_eq!((&*published.otherwise[0].value, &*published.otherwise[0].result), ("published", "9"));
}

#[test]
fn agreements_signed_late_cost_once() {
    let mut it = perfect();
    for agreement in it.agreements.iter_mut().take(2) {
        agreement.signed = Some(date(2019, 6, 1));
    }
    assert_eq!(both(&it, "A1.4"), (exactly(4.5), exactly(4.9)), "flat, however many");
    let lost = &item(&it, &county(), "A1.4").losses;
    assert_eq!((lost.len(), &*lost[0].why.detail, lost[0].evidence.len()), (1, "p1, p2", 2));
    it.agreements[0].signed = None;
    assert_eq!(both(&it, "A1.4").0, exactly(4.5), "not signed at all is not in time");
    // Before the day nobody is late; and of a pair without any agreement nobody knows.
    it.as_of = date(2019, 5, 31);
    assert_eq!(both(&it, "A1.4").0, between(4.5, 5.0));
    it.as_of = date(2020, 1, 31);
    it.agreements.drain(..2);
    assert_eq!(both(&it, "A1.4").0, between(4.5, 5.0));
}

#[test]
fn more_pairs_than_planned() {
    let table = [
        // planned, setting, county, city: of ten pairs
        (10.0, "whole_tens", 0.0, 0.0),
        (8.0, "whole_tens", 0.2, 1.0), // 25 points above
        (8.0, "pro_rata", 0.25, 1.25),
        (4.0, "whole_tens", 1.5, 5.0), // 150 points above: 7.5 for a city, capped at 30 in all
    ];
    for (planned, setting, of_county, of_city) in table {
        let mut it = perfect();
        for region in ["region:yongjia", "region:wenzhou"] {
            report_again(&mut it, region, "pairs_planned", Value::Number(planned));
        }
        it.with("extra_steps", setting);
        for (region, bonus) in [(county(), of_county), (city(), of_city)] {
            let a1 = sheet(&it, &region).parts[0].groups[0].points;
            assert_eq!(a1, exactly(25.0 + bonus), "{planned} {setting} {:?}", region.level);
        }
    }
    let mut it = perfect();
    it.with("extra_base", "planned_schools");
    assert_eq!(&*item(&it, &county(), "A1.5").why.code, "no_figure", "no bonus without a plan");
    it.report("region:yongjia", "schools_planned", "2019", Value::Number(16.0));
    assert_eq!(item(&it, &county(), "A1.5").points, exactly(0.2));
}

#[test]
fn equipment_and_spaces_by_their_day() {
    let table: [(&str, &str, Value, Value, f64, f64); 4] = [
        ("A2.1", "equipment_ready", Value::Day(date(2019, 9, 1)), Value::Day(date(2019, 8, 31)), 18.0, 19.8),
        ("A2.1", "equipment_standard", Value::Flag(false), Value::Flag(true), 18.0, 19.8),
        ("A2.2", "space_open", Value::Day(date(2019, 7, 1)), Value::Day(date(2019, 6, 30)), 9.0, 9.9),
        ("A2.2", "space_open", Value::Day(date(2021, 7, 1)), Value::Day(date(2019, 1, 1)), 9.0, 9.9),
    ];
    for (id, figure, late, in_time, of_county, of_city) in table {
        let mut it = perfect();
        report_again(&mut it, "school:daao", figure, late);
        assert_eq!(both(&it, id), (exactly(of_county), exactly(of_city)), "{figure}");
        let lost = &item(&it, &county(), id).losses[0];
        assert_eq!((lost.school.as_ref().unwrap().as_str(), &*lost.rule), ("daao", id));
        assert!(lost.evidence.iter().any(|it| matches!(it, Evidence::Figure { what, .. } if what == figure)));
        report_again(&mut it, "school:daao", figure, in_time);
        assert_eq!(both(&it, id).0, exactly(item(&it, &county(), id).full.into()));
        unreport(&mut it, "school:daao", figure);
        assert!(!both(&it, id).0.is_exact(), "nobody has said");
    }
}

#[test]
fn each_school_and_each_missed_indicator_cost_a_point() {
    let mut it = perfect();
    let ours = |id: &str| id.parse::<SchoolId>().unwrap();
    // 大岙: one subject of 19 lessons misses all three; 溪口: 10 and 9 misses two.
    it.tallies.retain(|tally| {
        tally.form != Form::SyncClass || (tally.school != ours("daao") && tally.school != ours("xikou"))
    });
    it.done("daao", Form::SyncClass, "语文", "2019-1", 19);
    it.done("xikou", Form::SyncClass, "语文", "2019-1", 10);
    it.done("xikou", Form::SyncClass, "数学", "2019-1", 9);
    assert_eq!(both(&it, "A3.1a"), (exactly(9.0), exactly(9.9)));
    assert_eq!(both(&it, "A3.1b"), (exactly(9.0), exactly(9.9)), "the one subject of 大岙 has its ten");
    assert_eq!(both(&it, "A3.1c"), (exactly(8.0), exactly(9.8)));
    it.with("one_subject", "short");
    assert_eq!(both(&it, "A3.1b").0, exactly(8.0));
    let lost = item(&it, &county(), "A3.1c").losses;
    let lost: Vec<_> =
        lost.iter().map(|it| (it.school.as_ref().unwrap().as_str(), &*it.why.detail)).collect();
    assert_eq!(lost, [("daao", "sync.total short by 1"), ("xikou", "sync.total short by 1")]);
}

#[test]
fn an_undecided_school_leaves_the_point_open() {
    let mut it = world("2019");
    bilian(&mut it);
    fenglin(&mut it);
    it.pairs.retain(|pair| matches!(pair.id.as_str(), "p9" | "p10"));
    // 碧莲 and 应坑 lose a point each by 英语; of 枫林 and 潘坑 nobody can say.
    let each = item(&it, &county(), "A3.1b");
    assert_eq!(each.points, between(6.0, 8.0));
    assert_eq!(each.losses.iter().filter(|loss| loss.points.is_exact()).count(), 2);
    let other = each.settings.iter().find(|it| it.name == "per_subject").unwrap();
    assert_eq!(other.otherwise[0].result, "8 to 10");
    assert_eq!(item(&it, &county(), "A3.1a").points, exactly(10.0));
    assert_eq!(item(&it, &county(), "A3.1c").points, exactly(10.0));
}

#[test]
fn a_missed_choice_costs_for_each_that_is_missing() {
    use Form::{MasterObservation, RemoteCourse, TeacherStudy};
    let ours: SchoolId = "daao".parse().unwrap();
    let table: [(&[Form], [u32; 3], &str, f64, f64); 8] = [
        // promised; 专递课堂, 研修, 名师网课 done; setting; county and city points
        (&[RemoteCourse], [9, 0, 0], "smallest", 7.0, 9.7),
        (&[TeacherStudy], [0, 11, 0], "smallest", 9.0, 9.9),
        (&[MasterObservation], [0, 0, 3], "smallest", 9.0, 9.9),
        (&[RemoteCourse, TeacherStudy], [9, 10, 0], "smallest", 8.0, 9.8),
        (&[RemoteCourse, TeacherStudy], [9, 10, 0], "largest", 7.0, 9.7),
        (&[RemoteCourse, MasterObservation], [2, 0, 0], "smallest", 9.0, 9.9),
        (&[RemoteCourse, MasterObservation], [2, 0, 0], "largest", 0.0, 9.0),
        (&[RemoteCourse, TeacherStudy], [11, 12, 0], "smallest", 10.0, 10.0),
    ];
    for (promised, [remote, study, observation], setting, of_county, of_city) in table {
        let mut it = perfect();
        it.tallies.retain(|tally| tally.school != ours || tally.form == Form::SyncClass);
        it.done("daao", RemoteCourse, "", "2019-1", remote);
        it.done("daao", TeacherStudy, "", "2019-1", study);
        it.done("daao", MasterObservation, "", "2019-1", observation);
        it.promised("daao", promised);
        it.with("missed_all", setting);
        assert_eq!(both(&it, "A3.2"), (exactly(of_county), exactly(of_city)), "{promised:?} {setting}");
    }
}

#[test]
fn a_mixed_number_leaves_the_choice_open() {
    let mut it = world("2019");
    bilian(&mut it);
    it.pairs.retain(|pair| pair.id.as_str() == "p10");
    it.with("other_forms", "all_three");
    // 18 + 0 + 0 loses nothing; 6 + 6 + 6 loses a point for the flat form, at each of two schools.
    assert_eq!(item(&it, &county(), "A3.2").points, between(8.0, 10.0));
    // With 研修 promised, all 18 may be of it, or none.
    it.with("other_forms", "promised");
    it.promised("bilian", &[Form::TeacherStudy]);
    it.promised("yingkeng", &[Form::TeacherStudy]);
    assert_eq!(item(&it, &county(), "A3.2").points, between(0.0, 10.0));
}

#[test]
fn an_empty_promise_by_its_setting() {
    let mut it = perfect();
    it.promised("daao", &[]);
    it.tallies.retain(|tally| tally.school.as_str() != "daao" || tally.form == Form::SyncClass);
    let table = [
        ("undecided", between(9.0, 10.0)), // the flat form is the cheapest
        ("not_owed", exactly(10.0)),
        ("short", exactly(9.0)),
        ("all_three", exactly(9.0)),
    ];
    for (setting, points) in table {
        it.with("empty_promise", setting);
        assert_eq!(item(&it, &county(), "A3.2").points, points, "{setting}");
    }
}

#[test]
fn a_merged_school_costs_by_its_setting() {
    let mut it = perfect();
    it.tallies.retain(|tally| tally.school.as_str() != "daao");
    let daao = it.schools.iter_mut().find(|it| it.id.as_str() == "daao").unwrap();
    daao.closed = Some(Closure { last_day: date(2019, 7, 1), into: None });
    assert_eq!(item(&it, &county(), "A3.1a").points, exactly(9.0));
    let settings = item(&it, &county(), "A3.1a").settings;
    let merged = settings.iter().find(|it| it.name == "merged_schools").unwrap();
    assert_eq!((&*merged.otherwise[0].value, &*merged.otherwise[0].result), ("exempt", "10"));
    it.with("merged_schools", "exempt");
    assert_eq!(item(&it, &county(), "A3.1a").points, exactly(10.0));
}

#[test]
fn satisfaction_below_ninety_per_cent() {
    let table = [
        // rate, setting, county, city; of ten points
        (0.90, "whole", 10.0, 10.0),
        (0.899, "whole", 10.0, 10.0),
        (0.899, "begun", 9.9, 9.99),
        (0.899, "pro_rata", 9.99, 9.999),
        (0.82, "whole", 9.2, 9.92), // 8 points, though 0.9 − 0.82 is a little less in binary
        (0.825, "whole", 9.3, 9.93),
        (0.0, "whole", 1.0, 9.1),
    ];
    for (rate, setting, of_county, of_city) in table {
        let mut it = perfect();
        for region in ["region:yongjia", "region:wenzhou"] {
            report_again(&mut it, region, "satisfaction_parents", Value::Number(rate));
        }
        it.with("point_steps", setting);
        assert_eq!(both(&it, "B1.3"), (exactly(of_county), exactly(of_city)), "{rate} {setting}");
        assert_eq!(both(&it, "B1.4").0, exactly(20.0), "each rate by itself");
    }
}

#[test]
fn cases_are_a_tenth_of_the_paired_schools() {
    // 24 schools (S003): 2.4 cases.
    let mut it = perfect();
    for (n, (a, b)) in [("e1", "e2"), ("e3", "e4")].into_iter().enumerate() {
        it.schools.extend([school(a, false), school(b, true)]);
        it.pairs.push(pair(&format!("e{n}"), a, b, date(2019, 3, 1)));
    }
    let submitted =
        |it: &mut World, n: f64| report_again(it, "region:yongjia", "cases_submitted", Value::Number(n));
    submitted(&mut it, 2.0);
    let short = item(&it, &county(), "B2.1");
    assert_eq!(
        (short.points, &*short.losses[0].why.detail),
        (between(0.0, 20.0), "2 of 3"),
        "what it costs is not stated"
    );
    it.with("cases_short", "proportional");
    assert_eq!(item(&it, &county(), "B2.1").points, exactly(13.3333));
    it.with("cases_short", "all");
    assert_eq!(item(&it, &county(), "B2.1").points, exactly(0.0));
    for (setting, points) in [("down", 20.0), ("nearest", 20.0), ("up", 0.0)] {
        it.with("cases_rounding", setting);
        assert_eq!(item(&it, &county(), "B2.1").points, exactly(points), "{setting}");
    }
    it.with("paired_schools", "receiving_only");
    assert_eq!(item(&it, &county(), "B2.1").points, exactly(20.0), "twelve receive: 1.2 cases, two");
}

#[test]
fn ranks_between_the_first_and_the_last() {
    let mut it = perfect();
    let table = [
        (1.0, "open", exactly(10.0)),
        (11.0, "open", exactly(7.0)),
        (6.0, "open", between(7.0, 10.0)),
        (6.0, "linear", exactly(8.5)),
        (12.0, "linear", between(7.0, 10.0)), // the twelfth of eleven is nobody
    ];
    for (rank, setting, points) in table {
        report_again(&mut it, "region:yongjia", "cases_rank", Value::Number(rank));
        it.with("case_ranks", setting);
        assert_eq!(item(&it, &county(), "B2.2").points, points, "{rank} {setting}");
    }
}

#[test]
fn experiment_zones() {
    let mut it = perfect();
    let zone = |it: &mut World, of: &str, is: bool| report_again(it, of, "experiment_zone", Value::Flag(is));
    zone(&mut it, "region:yongjia", false);
    zone(&mut it, "region:wenzhou", false);
    assert_eq!(both(&it, "B3"), (exactly(14.0), exactly(14.0)));
    zone(&mut it, "region:yongjia", true);
    assert_eq!(both(&it, "B3"), (exactly(20.0), exactly(18.0)), "a county of the city is in the list");
    zone(&mut it, "region:wenzhou", true);
    assert_eq!(both(&it, "B3").1, exactly(20.0));
    unreport(&mut it, "region:wenzhou", "experiment_zone");
    assert_eq!(both(&it, "B3").1, between(18.0, 20.0));
}

#[test]
fn an_item_has_no_fewer_than_none_by_its_setting() {
    let mut it = perfect();
    it.tallies.clear();
    let lost = item(&it, &county(), "A3.1a");
    assert_eq!((lost.points, lost.not_taken, lost.losses.len()), (exactly(0.0), exactly(10.0), 20));
    let floor = lost.settings.iter().find(|it| it.name == "floor").unwrap();
    assert_eq!((&*floor.otherwise[0].value, &*floor.otherwise[0].result), ("none", "-10"));
    it.with("floor", "none");
    let lost = item(&it, &county(), "A3.1a");
    assert_eq!((lost.points, lost.not_taken), (exactly(-10.0), exactly(0.0)));
}

#[test]
fn losses_account_for_every_point() {
    let mut it = perfect();
    it.tallies.truncate(30);
    it.reported.truncate(50);
    it.agreements[3].signed = Some(date(2019, 7, 1));
    for region in [county(), city()] {
        let sheet = sheet(&it, &region);
        for item in &sheet.items {
            let lost: PointRange = item.losses.iter().map(|loss| loss.points).sum();
            let bonus = item.id == "A1.5";
            let left = |lost: Points, not_taken: Points| item.full - lost + not_taken;
            if !bonus {
                assert_eq!(item.points.at_most, left(lost.at_least, item.not_taken.at_least), "{}", item.id);
                assert_eq!(item.points.at_least, left(lost.at_most, item.not_taken.at_most), "{}", item.id);
            }
            assert!(item.losses.iter().all(|loss| loss.rule == item.id && !loss.why.code.is_empty()));
        }
        let groups: PointRange =
            sheet.parts.iter().flat_map(|part| &part.groups).map(|group| group.points).sum();
        assert_eq!(sheet.total, groups);
    }
}

#[test]
fn a_sheet_before_the_end_is_not_final_and_can_be_sent() {
    let mut it = perfect();
    it.as_of = date(2019, 10, 1);
    let sheet = sheet(&it, &county());
    assert!(!sheet.is_final);
    let text = serde_json::to_string(&sheet).unwrap();
    assert_eq!(serde_json::from_str::<Sheet>(&text).unwrap(), sheet);
    let rules_of_2020 = world("2020");
    let index = Index::new(it.inputs());
    let none = score(&index, &rules_of_2020.rules, &rules_of_2020.settings, &county(), &Period::Year(2020));
    assert!(none.is_none(), "the plan of 2020 has no score sheet");
}

#[test]
fn a_pair_of_the_inspection_is_no_pair() {
    // 实验小学 and 路口小学 were linked by the inspectors; they are of pairs 1 and 3.
    let it = perfect();
    let together = |pair: &&tongke_pairing::pair::Pair| {
        let schools: Vec<&str> = pair.schools().map(SchoolId::as_str).collect();
        schools.contains(&"shiyan") && schools.contains(&"lukou")
    };
    assert_eq!(it.pairs.iter().filter(together).count(), 0);
    assert_eq!(
        sheet(&it, &county()).schools,
        20,
        "the twenty of attachment 2; S003's twenty need not be the same"
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    /// However undecided lessons are decided, the points were within what the sheet said before.
    #[test]
    fn what_is_decided_later_was_in_the_range(
        lessons in proptest::collection::vec((0_usize..3, 0_usize..6, 0_u32..13, 0_u32..4, 0_u32..4), 1..8),
        every_opened in proptest::bool::ANY,
        promised in proptest::option::of(proptest::sample::subsequence(
            vec![Form::TeacherStudy, Form::RemoteCourse, Form::MasterObservation], 0..=3,
        )),
    ) {
        let cells = [
            (Form::SyncClass, "语文"), (Form::SyncClass, "数学"), (Form::SyncClass, ""),
            (Form::TeacherStudy, ""), (Form::RemoteCourse, ""), (Form::MasterObservation, ""),
        ];
        let mut open = world("2019");
        open.with("per_subject", if every_opened { "every_opened" } else { "required_number" });
        open.pairs.truncate(2);
        let mut decided = open.clone();
        for (school, cell, credited, undecided, of_these) in lessons {
            let (school, (form, subject)) = (["shiyan", "xiao", "xikou"][school], cells[cell]);
            if let Some(promised) = &promised {
                open.promised(school, promised);
                decided.promised(school, promised);
            }
            open.done(school, form, subject, "2019-1", credited).open = undecided;
            decided.done(school, form, subject, "2019-1", credited + of_these.min(undecided));
        }
        let (before, after) = (sheet(&open, &county()), sheet(&decided, &county()));
        for (before, after) in before.items.iter().zip(&after.items) {
            proptest::prop_assert!(
                before.points.at_least <= after.points.at_least && after.points.at_most <= before.points.at_most,
                "{}: {:?} then {:?}", before.id, before.points, after.points
            );
        }
    }
}
