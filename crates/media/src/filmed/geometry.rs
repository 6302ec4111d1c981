//! Plane geometry of a filmed marker: its four corners, and the projective map that they define.

/// A point of a picture, in pixels, or of a marker, in cells.
pub(crate) type Point = [f64; 2];

/// A map of one plane onto another as a camera makes it, by a matrix of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Homography([[f64; 3]; 3]);

impl Homography {
    /// The map of the rectangle from 0, 0 to `width`, `height` onto four corners, given in the order top left, top
    /// right, bottom right, bottom left (Heckbert 1989, §2.2.3). None: three of them are in one line.
    pub(crate) fn onto(corners: &[Point; 4], width: f64, height: f64) -> Option<Self> {
        let [p0, p1, p2, p3] = *corners;
        let (d1, d2) = (minus(p1, p2), minus(p3, p2));
        let sum = [p0[0] - p1[0] + p2[0] - p3[0], p0[1] - p1[1] + p2[1] - p3[1]];
        let whole = cross(d1, d2);
        if whole.abs() < 1e-9 {
            return None;
        }
        let (g, h) = (cross(sum, d2) / whole, cross(d1, sum) / whole);
        let row =
            |n: usize| [(p1[n] - p0[n] + g * p1[n]) / width, (p3[n] - p0[n] + h * p3[n]) / height, p0[n]];
        Some(Self([row(0), row(1), [g / width, h / height, 1.0]]))
    }

    /// Where a point comes to lie.
    pub(crate) fn map(&self, [x, y]: Point) -> Point {
        let [u, v, w] = self.0.map(|row| row[0] * x + row[1] * y + row[2]);
        [u / w, v / w]
    }

    /// The map back. None: everything comes to lie in one line.
    pub(crate) fn inverse(&self) -> Option<Self> {
        let m = &self.0;
        let cofactor = |row: usize, column: usize| {
            let (r1, r2, c1, c2) = ((row + 1) % 3, (row + 2) % 3, (column + 1) % 3, (column + 2) % 3);
            m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
        };
        let determinant: f64 = (0..3).map(|column| m[0][column] * cofactor(0, column)).sum();
        if determinant.abs() < 1e-12 {
            return None;
        }
        let row = |row: usize| [0, 1, 2].map(|column| cofactor(column, row) / determinant);
        Some(Self([row(0), row(1), row(2)]))
    }
}

/// The corners of the quadrilateral that points fill, clockwise on the screen: the point furthest from their middle,
/// the one furthest from that, and the furthest on both sides of the line between. None: they fill no area.
pub(super) fn corners(points: &[Point]) -> Option<[Point; 4]> {
    let n = points.len() as f64;
    let middle = points.iter().fold([0.0; 2], |sum, p| [sum[0] + p[0] / n, sum[1] + p[1] / n]);
    let furthest =
        |of: &dyn Fn(Point) -> f64| points.iter().copied().max_by(|a, b| of(*a).total_cmp(&of(*b)));
    let first = furthest(&|p| distance(p, middle))?;
    let third = furthest(&|p| distance(p, first))?;
    let diagonal = minus(third, first);
    // The y axis points down, so that what is on the right of the diagonal comes last.
    let second = furthest(&|p| -cross(diagonal, minus(p, first)))?;
    let fourth = furthest(&|p| cross(diagonal, minus(p, first)))?;
    let found = [first, second, third, fourth];
    (area(&found) > 1.0).then_some(found)
}

/// The area within corners, in square pixels; negative where they go round the other way.
pub(super) fn area(corners: &[Point; 4]) -> f64 {
    let [a, b, c, d] = *corners;
    cross(minus(c, a), minus(d, b)) / 2.0
}

/// A straight line: a point of it, and its direction.
pub(super) type Line = (Point, Point);

/// The line nearest to points, by the sum of squared distances; without those that lie far off it in a first try.
pub(super) fn line(points: &[Point]) -> Option<Line> {
    let (at, along) = fit(points)?;
    let off = |p: &Point| cross(along, minus(*p, at)).abs();
    let typical = (points.iter().map(|p| off(p).powi(2)).sum::<f64>() / points.len() as f64).sqrt();
    let near: Vec<Point> = points.iter().copied().filter(|p| off(p) <= 1.5 * typical + 0.1).collect();
    fit(&near)
}

fn fit(points: &[Point]) -> Option<Line> {
    if points.len() < 4 {
        return None;
    }
    let n = points.len() as f64;
    let at = points.iter().fold([0.0; 2], |sum, p| [sum[0] + p[0] / n, sum[1] + p[1] / n]);
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for p in points {
        let [x, y] = minus(*p, at);
        (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
    }
    let angle = (2.0 * xy).atan2(xx - yy) / 2.0;
    Some((at, [angle.cos(), angle.sin()]))
}

/// Where two lines meet; none: they hardly do.
pub(super) fn meeting((p, along): Line, (q, other): Line) -> Option<Point> {
    let turn = cross(along, other);
    if turn.abs() < 1e-3 {
        return None;
    }
    let far = cross(minus(q, p), other) / turn;
    Some([p[0] + far * along[0], p[1] + far * along[1]])
}

pub(super) fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

pub(super) fn distance(a: Point, b: Point) -> f64 {
    let [x, y] = minus(a, b);
    x.hypot(y)
}

fn cross(a: Point, b: Point) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: [Point; 4] = [[10.0, 20.0], [220.0, 35.0], [205.0, 110.0], [18.0, 96.0]];

    #[test]
    fn corners_go_to_corners_and_back_again() {
        let map = Homography::onto(&SEEN, 22.0, 7.0).unwrap();
        let flat = [[0.0, 0.0], [22.0, 0.0], [22.0, 7.0], [0.0, 7.0]];
        for (flat, seen) in flat.into_iter().zip(SEEN) {
            assert!(distance(map.map(flat), seen) < 1e-9);
            assert!(distance(map.inverse().unwrap().map(seen), flat) < 1e-9);
        }
        assert_eq!(Homography::onto(&[[0.0; 2]; 4], 22.0, 7.0), None);
    }

    #[test]
    fn the_corners_of_a_filled_quadrilateral_are_found_clockwise() {
        let map = Homography::onto(&SEEN, 1.0, 1.0).unwrap();
        let filled: Vec<Point> = (0..=100)
            .flat_map(|x| (0..=100).map(move |y| [f64::from(x) / 100.0, f64::from(y) / 100.0]))
            .collect();
        let filled: Vec<Point> = filled.into_iter().map(|p| map.map(p)).collect();
        let found = corners(&filled).unwrap();
        for seen in SEEN {
            assert!(found.iter().any(|p| distance(*p, seen) < 1e-6), "{found:?}");
        }
        assert!((area(&found) - area(&SEEN)).abs() < 1e-6 && area(&SEEN) > 0.0);
        assert_eq!(corners(&[[3.0, 4.0]; 5]), None);
        assert_eq!(corners(&[]), None);
    }

    #[test]
    fn a_line_is_fitted_without_the_points_that_lie_off_it() {
        let mut points: Vec<Point> = (0..16).map(|n| [f64::from(n), 3.0 + 0.5 * f64::from(n)]).collect();
        points[7][1] += 6.0;
        let across = ([4.0, 0.0], [0.0, 1.0]);
        let [x, y] = meeting(line(&points).unwrap(), across).unwrap();
        assert!((x - 4.0).abs() < 1e-9 && (y - 5.0).abs() < 0.02, "{x} {y}");
        assert_eq!(meeting(across, across), None);
    }
}
