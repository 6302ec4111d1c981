//! Which encoding of a simulcast a receiver gets: the smallest that fills the place where it is shown.

use tongke_transport::webrtc::sdp::MAX_RIDS;

/// Most encodings of one track.
pub(crate) const MAX_LAYERS: usize = MAX_RIDS;

/// How large a receiver shows a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Shown {
    /// It has not said: it gets the largest picture there is.
    #[default]
    Untold,
    /// Not at all.
    Hidden,
    /// So many device pixels high.
    Height(u16),
}

impl Shown {
    /// From a size in device pixels.
    pub fn from_size(width: u16, height: u16) -> Self {
        if width == 0 || height == 0 { Shown::Hidden } else { Shown::Height(height) }
    }
}

/// One encoding, as far as the choice goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layer {
    /// Its place in the publisher's list, the preferred first.
    pub rank: usize,
    /// Height of its pictures, once a keyframe told it.
    pub height: Option<u16>,
    /// Whether packets come.
    pub is_active: bool,
}

/// The layer for a receiver that gets `current` now. None: nothing.
///
/// A layer fills a place that is up to a tenth higher than its pictures. From a larger layer down to
/// it the way is only taken when it fills the place without that tenth, so that a window whose size
/// is being changed does not go to and fro.
pub(crate) fn choose(layers: &[Layer], shown: Shown, current: Option<usize>) -> Option<usize> {
    let any_active = layers.iter().any(|layer| layer.is_active);
    let usable = || (0..layers.len()).filter(|&at| layers[at].is_active || !any_active);
    let largest = usable().min_by(|&a, &b| by_size(layers, b, a))?;
    let wanted = match shown {
        Shown::Hidden => return None,
        Shown::Untold => return Some(largest),
        Shown::Height(height) => u32::from(height),
    };
    let is_larger_now = |at: usize| current.is_some_and(|now| by_size(layers, now, at).is_gt());
    let fills = |at: usize| {
        let height = layers[at].height.map_or(0, u32::from);
        if is_larger_now(at) { height >= wanted } else { height * 11 >= wanted * 10 }
    };
    Some(usable().filter(|&at| fills(at)).min_by(|&a, &b| by_size(layers, a, b)).unwrap_or(largest))
}

/// Order of size: by height where both are known, else as the publisher lists them.
fn by_size(layers: &[Layer], a: usize, b: usize) -> std::cmp::Ordering {
    match (layers[a].height, layers[b].height) {
        (Some(a_height), Some(b_height)) if a_height != b_height => a_height.cmp(&b_height),
        _ => layers[b].rank.cmp(&layers[a].rank),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Listed as l, h, m: the order of appearance is no order of size.
    fn layers() -> [Layer; 3] {
        [(2, 180), (0, 720), (1, 360)].map(|(rank, height)| Layer {
            rank,
            height: Some(height),
            is_active: true,
        })
    }

    const L: Option<usize> = Some(0);
    const H: Option<usize> = Some(1);
    const M: Option<usize> = Some(2);

    #[test]
    fn the_smallest_layer_that_fills_the_place_is_taken() {
        for (height, layer) in [(1, L), (180, L), (198, L), (199, M), (396, M), (397, H), (720, H), (2160, H)]
        {
            assert_eq!(choose(&layers(), Shown::Height(height), None), layer, "{height}");
        }
        assert_eq!(choose(&layers(), Shown::Untold, None), H);
        assert_eq!(choose(&layers(), Shown::from_size(0, 0), H), None);
        assert_eq!(choose(&[], Shown::Untold, None), None);
    }

    #[test]
    fn a_size_that_swings_around_a_bound_changes_the_layer_once() {
        let mut current = H;
        let mut changes = 0;
        for height in [380, 400, 370, 396, 365, 359, 370, 390, 361, 396, 355] {
            let next = choose(&layers(), Shown::Height(height), current);
            changes += usize::from(next != current);
            current = next;
        }
        assert_eq!((current, changes), (M, 1));
        assert_eq!(choose(&layers(), Shown::Height(397), current), H);
    }

    #[test]
    fn layers_that_do_not_come_are_not_waited_for() {
        let mut some = layers();
        some[1].is_active = false;
        assert_eq!(choose(&some, Shown::Height(720), H), M);
        assert_eq!(choose(&some, Shown::Untold, None), M);
        some[0].is_active = false;
        assert_eq!(choose(&some, Shown::Height(90), None), M, "better too large than none");
        some[2].is_active = false;
        assert_eq!(choose(&some, Shown::Height(90), None), L, "all are silent: any of them");
    }

    #[test]
    fn without_heights_the_publishers_order_counts() {
        let unknown = layers().map(|layer| Layer { height: None, ..layer });
        assert_eq!(choose(&unknown, Shown::Height(100), None), H);
        assert_eq!(choose(&unknown, Shown::Untold, None), H);
        let mut partly = layers();
        partly[1].height = None;
        assert_eq!(choose(&partly, Shown::Height(180), None), L);
        assert_eq!(choose(&partly, Shown::Height(720), None), H);
    }
}
