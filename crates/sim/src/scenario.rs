//! What is to happen: who takes part, over which links, for how long.

use crate::model::picture::PictureFormat;
use crate::network::LinkConfig;
use std::time::Duration;
use tongke_protocol::Role;

/// How a school leaves before the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// It says so.
    Bye,
    /// Power cut: it falls silent, and its connection times out at the relay.
    Vanish,
}

/// A participant and its node.
#[derive(Debug, Clone, PartialEq)]
pub struct School {
    /// Its identifier.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// When it joins, after the start.
    pub joins: Duration,
    /// When and how it leaves, after the start.
    pub leaves: Option<(Duration, Leaving)>,
    /// The way from node to relay.
    pub up: LinkConfig,
    /// The way from relay to node.
    pub down: LinkConfig,
    /// Its clock minus true time, µs.
    pub clock_ahead_us: i64,
    /// Its camera.
    pub camera: Option<PictureFormat>,
    /// Its courseware.
    pub screen: Option<PictureFormat>,
    /// Whether it is heard.
    pub microphone: bool,
}

impl School {
    /// The supporting school: camera, courseware, teacher.
    pub fn supporting(name: &str) -> Self {
        Self {
            screen: Some(PictureFormat {
                fps: 10.0,
                bitrate_bps: 300_000.0,
                encode: Duration::from_millis(10),
            }),
            camera: Some(camera(1_200_000.0)),
            ..Self::receiving(name)
        }
        .with_role(Role::Supporting)
    }

    /// A receiving school: camera and class.
    pub fn receiving(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            role: Role::Receiving,
            joins: Duration::ZERO,
            leaves: None,
            up: LinkConfig::default(),
            down: LinkConfig::default(),
            clock_ahead_us: 0,
            camera: Some(camera(600_000.0)),
            screen: None,
            microphone: true,
        }
    }

    fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }
}

fn camera(bitrate_bps: f64) -> PictureFormat {
    PictureFormat { fps: 30.0, bitrate_bps, encode: Duration::from_millis(8) }
}

/// A change of a school's links in mid-lesson.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkChange {
    /// When, after the start.
    pub at: Duration,
    /// Whose links.
    pub school: usize,
    /// To the relay; none: as before.
    pub up: Option<LinkConfig>,
    /// From the relay; none: as before.
    pub down: Option<LinkConfig>,
}

/// A lesson to be simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Determines everything that is random.
    pub seed: u64,
    /// How long.
    pub lasts: Duration,
    /// Who takes part.
    pub schools: Vec<School>,
    /// What happens to the links.
    pub changes: Vec<LinkChange>,
    /// After how long without a packet the relay takes a vanished node's connection for dead (QUIC's
    /// idle timeout, which is the shell's).
    pub idle_timeout: Duration,
}

impl Scenario {
    /// One supporting and two receiving schools over cables, 25 s.
    pub fn lesson(seed: u64) -> Self {
        Self {
            seed,
            lasts: Duration::from_secs(25),
            schools: vec![
                School::supporting("support"),
                School { joins: Duration::from_millis(300), ..School::receiving("hill") },
                School { joins: Duration::from_millis(700), ..School::receiving("lake") },
            ],
            changes: Vec::new(),
            idle_timeout: Duration::from_secs(5),
        }
    }

    /// The same with all links of all schools like `link`, in both directions.
    pub fn over(mut self, link: LinkConfig) -> Self {
        for school in &mut self.schools {
            (school.up, school.down) = (link, link);
        }
        self
    }
}
