//! An inspection by a test: both nodes are asked, and told how far it is.

use super::line::Line;
use crate::commands::inspect::Args;
use std::future::Future;
use std::time::Duration;
use tongke_inspection::Facts;
use tongke_inspection::conduct::{Plan, Stage, Telling};
use tongke_node::NodeConfig;
use tongke_node::inspect::{InspectError, lead, plan_for};
use tongke_protocol::inspect::{Doing, Sight};
use tongke_report::Language;

/// Inspects; `stop` ends it early, with what was measured by then.
pub async fn run(
    args: &Args,
    config: &NodeConfig,
    stop: impl Future<Output = ()>,
) -> Result<Facts, InspectError> {
    let plan = plan(args, config);
    let line = Line::new();
    line.say(&announced(args));
    let mut last = None;
    let mut tell = |telling: &Telling| {
        // A log or a pipe gets each stage once.
        if last.replace(telling.stage) != Some(telling.stage) {
            tracing::info!("{}", stage(telling.stage, Language::English));
        }
        line.tell(&told(args, telling));
    };
    lead(config, plan, &mut tell, stop).await
}

fn plan(args: &Args, config: &NodeConfig) -> Plan {
    Plan {
        patience: Duration::from_secs(args.patience),
        idle_s: args.idle,
        most_mbps: args.most_mbps,
        metered: args.metered,
        hold_s: args.hold.seconds(),
        sight: if args.optical { Sight::Screen } else { Sight::Software },
        ..plan_for(config, args.from.clone(), args.to.clone(), &args.by)
    }
}

/// What it will send, before it does.
fn announced(args: &Args) -> String {
    let videos = if args.optical { 2.0 } else { 1.0 };
    let call_mb = f64::from(args.hold.seconds()) * (videos * 2e6 + 0.3e6) / 8e6;
    let (rate, metered) = (args.most_mbps, args.metered);
    let lines = if metered {
        "no more than a metered line bears".to_owned()
    } else {
        format!("at up to {rate} Mbit/s")
    };
    let optical = match (args.optical, args.language) {
        (false, _) => "",
        (true, Language::Chinese) => "通话时请两边都把摄像头对准屏幕，让整个屏幕都在画面里。",
        (true, Language::English) => {
            " In the call both cameras must be pointed at their screens, with the whole screen in the picture."
        }
    };
    match args.language {
        Language::Chinese => format!(
            "将先后加载两校线路（{}），再双向通话约 {call_mb:.0} MB（每个方向）。{optical}",
            if metered { "按流量计费的上限".to_owned() } else { format!("最高 {rate} Mbit/s") }
        ),
        Language::English => format!(
            "Both schools' lines are loaded in turn, {lines}; then a call of about {call_mb:.0} MB each way.{optical}"
        ),
    }
}

fn told(args: &Args, telling: &Telling) -> String {
    let doing = |side: usize, node: &tongke_protocol::ParticipantId| {
        telling.doing[side].map(|doing| format!("{node}: {}", at(doing, args.language)))
    };
    let both: Vec<String> = [doing(0, &args.from), doing(1, &args.to)].into_iter().flatten().collect();
    let (minutes, seconds) = (telling.left_s / 60, telling.left_s % 60);
    let left = match args.language {
        Language::Chinese => format!("还需约 {minutes}:{seconds:02}"),
        Language::English => format!("about {minutes}:{seconds:02} left"),
    };
    [stage(telling.stage, args.language).to_owned(), both.join(", "), left]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

fn stage(stage: Stage, language: Language) -> &'static str {
    let (zh, en) = match stage {
        Stage::Knocking => ("查看两端是否在线", "looking whether both are there"),
        Stage::Devices => ("设备", "devices"),
        Stage::Lines => ("空闲线路", "idle lines"),
        Stage::CapacityA => ("容量：甲方线路", "capacity of the first line"),
        Stage::CapacityB => ("容量：乙方线路", "capacity of the second line"),
        Stage::Call => ("双向通话", "call, both ways"),
    };
    if language == Language::Chinese { zh } else { en }
}

fn at(doing: Doing, language: Language) -> &'static str {
    let (zh, en) = match doing {
        Doing::Devices => ("设备", "devices"),
        Doing::Reaching => ("连接中继", "reaching the relay"),
        Doing::Nat => ("地址转换", "NAT"),
        Doing::IdleLine => ("空闲线路", "idle line"),
        Doing::Marks => ("优先级标记", "marks"),
        Doing::PathMtu => ("最大包长", "largest packet"),
        Doing::Capacity => ("容量", "capacity"),
        Doing::LoadedLine => ("加载时延", "delay under load"),
        Doing::Calling => ("呼叫中", "calling"),
        Doing::InCall => ("通话中", "in the call"),
    };
    if language == Language::Chinese { zh } else { en }
}
