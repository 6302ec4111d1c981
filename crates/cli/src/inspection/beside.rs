//! An inspection beside a lesson.

use super::hold::Hold;
use super::line::Line;
use crate::commands::inspect::Args;
use std::future::Future;
use std::time::Duration;
use tongke_inspection::Facts;
use tongke_node::NodeConfig;
use tongke_node::inspect::{InspectError, beside, beside_plan_for};
use tongke_report::Language;

/// Looks on until the time is over, the lesson is, or `stop` is done.
pub async fn run(
    args: &Args,
    config: &NodeConfig,
    stop: impl Future<Output = ()>,
) -> Result<Facts, InspectError> {
    let plan = beside_plan_for(config, args.from.clone(), args.to.clone(), &args.by, args.period());
    let line = Line::new();
    let mut tell = |since: Duration, answers: [u64; 2]| line.tell(&told(args, since, answers));
    let stop = async {
        match args.hold {
            Hold::Lesson => stop.await,
            Hold::Seconds(seconds) => tokio::select! {
                () = stop => {}
                () = tokio::time::sleep(Duration::from_secs(seconds.into())) => {}
            },
        }
    };
    beside(config, plan, &mut tell, stop).await
}

fn told(args: &Args, since: Duration, [a, b]: [u64; 2]) -> String {
    let (minutes, seconds) = (since.as_secs() / 60, since.as_secs() % 60);
    let (from, to) = (&args.from, &args.to);
    let left = match args.hold {
        Hold::Lesson => String::new(),
        Hold::Seconds(whole) => {
            let left = u64::from(whole).saturating_sub(since.as_secs());
            match args.language {
                Language::Chinese => format!("，还需 {}:{:02}", left / 60, left % 60),
                Language::English => format!(", {}:{:02} left", left / 60, left % 60),
            }
        }
    };
    match args.language {
        Language::Chinese => format!("课旁观测 {minutes}:{seconds:02}{left} · {from} {a} 次，{to} {b} 次"),
        Language::English => {
            format!("beside the lesson for {minutes}:{seconds:02}{left} · answers: {from} {a}, {to} {b}")
        }
    }
}
