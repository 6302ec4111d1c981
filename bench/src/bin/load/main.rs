//! What a running relay costs: publishers and subscribers in a process and on a processor of their own,
//! over real sessions; beside the floor and the peer in the same run.

#![allow(clippy::print_stdout, reason = "a bench reports on standard output")]

mod apart;
mod args;
mod burst;
mod figures;
mod flat;
mod lines;
mod picture;
mod plan;
mod progress;
mod report;
mod run;
mod saturate;
mod target;

use apart::Apart;
use args::Args;
use clap::Parser as _;
use figures::Group;
use lines::{Context, append, of_run};
use plan::Plan;
use progress::Line;
use run::Outcome;
use saturate::Found;
use serde_json::json;
use std::error::Error;
use std::time::Duration;
use target::Kind;
use tongke_load::cores::{all_files, pin};

/// From so many seconds on it is told how memory went.
const LONG_S: u64 = 60;

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    pin(&args.load_core)?;
    let _apart = args.load_core.first().filter(|_| args.receive_apart).map(Apart::on).transpose()?;
    all_files();
    let (plan, mut bench) =
        (Plan::of(&args), Bench { args, line: Line::new(), context: Context::read(), failed: 0 });
    let outcomes = bench.measure(&plan)?;
    let found = bench.saturate(&plan)?;
    bench.join(&plan)?;
    let groups = Group::all(&outcomes);
    groups.iter().for_each(|group| print!("{}", report::table(group)));
    if !found.is_empty() {
        println!("\nmost packets a second with loss 0, and most lessons of pairs:");
        found.iter().for_each(|one| println!("{}", one.text(&found)));
    }
    if !groups.is_empty() {
        let file = bench.args.out.join("load.svg");
        std::fs::write(&file, picture::draw(&groups))?;
        println!("\n{} and load.jsonl beside it", file.display());
    }
    match bench.failed {
        0 => Ok(()),
        failed => Err(format!("{failed} runs did not take place; the reasons are above").into()),
    }
}

/// What all parts need.
struct Bench {
    args: Args,
    line: Line,
    context: Context,
    /// Runs that did not take place.
    failed: usize,
}

impl Bench {
    /// Runs of all shapes; targets in turn, so that what disturbs one run disturbs its neighbours too.
    fn measure(&mut self, plan: &Plan) -> Result<Vec<Outcome>, Box<dyn Error>> {
        let Self { args, line, context, failed } = self;
        let mut outcomes = Vec::new();
        for run in 0..args.runs {
            for &(shape, link) in &plan.shapes {
                for &kind in args.targets.iter().filter(|kind| kind.takes(link)) {
                    let time = Duration::from_secs(args.seconds);
                    match run::run(args, kind, (shape, link, run), time, line) {
                        Ok(outcome) => {
                            line.tell(&report::row(&outcome));
                            append(&args.out, &context.line("run", of_run(args, &outcome)))?;
                            outcomes.push(outcome);
                        }
                        Err(error) => {
                            *failed += 1;
                            line.tell(&format!("{} {shape} {}: {error}", kind.name(), link.name()));
                        }
                    }
                }
            }
        }
        let long = outcomes.iter().filter(|_| args.seconds >= LONG_S);
        for (outcome, text) in long.filter_map(|outcome| Some((outcome, outcome.memory.text()?))) {
            println!("{} {}: {text}", outcome.target.name(), outcome.shape);
        }
        Ok(outcomes)
    }

    fn saturate(&mut self, plan: &Plan) -> Result<Vec<Found>, Box<dyn Error>> {
        let Self { args, line, context, .. } = self;
        let mut all = Vec::new();
        for (shape, kinds) in &plan.saturate {
            for kind in kinds.iter().filter(|kind| args.targets.contains(kind)) {
                let found = saturate::search(args, *kind, *shape, line);
                for (outcome, went_well) in &found.trials {
                    let mut trial = of_run(args, outcome);
                    trial["went_well"] = json!(went_well);
                    append(&args.out, &context.line("trial", trial))?;
                }
                all.push(found);
            }
        }
        Ok(all)
    }

    fn join(&mut self, plan: &Plan) -> Result<(), Box<dyn Error>> {
        let Self { args, line, context, failed } = self;
        for &(shape, count) in &plan.joins {
            for &kind in args.targets.iter().filter(|kind| **kind == Kind::Relay || args.joins.is_some()) {
                match burst::run(args, kind, shape, count, line) {
                    Ok(burst) => {
                        line.clear();
                        print!("{}", burst.text());
                        append(&args.out, &context.line("joins", burst.json()))?;
                    }
                    Err(error) => {
                        *failed += 1;
                        line.tell(&format!("{} {shape} and {count} joins: {error}", kind.name()));
                    }
                }
            }
        }
        Ok(())
    }
}
