use super::*;

const SIZE: (usize, usize) = (23, 17);

fn luma(plane: &[u8]) -> Luma<'_> {
    Luma::new(plane, SIZE.0, SIZE.1, SIZE.0).unwrap()
}

/// A slanted ramp, and the same with noise from a linear congruential generator.
fn pair() -> (Vec<u8>, Vec<u8>) {
    let mut state = 1u32;
    let (width, height) = SIZE;
    let ramp: Vec<u8> =
        (0..width * height).map(|i| (16 + (i % width * 9 + i / width * 5) % 200) as u8).collect();
    let noisy = ramp.iter().map(|&sample| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (i32::from(sample) + (state >> 24) as i32 % 31 - 15).clamp(0, 255) as u8
    });
    let noisy = noisy.collect();
    (ramp, noisy)
}

#[test]
fn a_noisy_ramp_has_the_figures_of_the_formulas_written_out() {
    // Computed apart, window by window in two dimensions and with centred moments.
    let (ramp, noisy) = pair();
    let similarity = ssim(luma(&ramp), luma(&noisy)).unwrap();
    assert!((similarity - 0.897_916_187).abs() < 1e-8, "{similarity}");
    let db = psnr_db(luma(&ramp), luma(&noisy)).unwrap().unwrap();
    assert!((db - 28.541_976_729).abs() < 1e-8, "{db}");
    assert_eq!(ssim(luma(&noisy), luma(&ramp)).unwrap(), similarity, "it has no direction");
}

#[test]
fn even_pictures_differ_by_their_brightness_alone() {
    let (a, b) = (vec![100; SIZE.0 * SIZE.1], vec![101; SIZE.0 * SIZE.1]);
    let expected = (2.0 * 100.0 * 101.0 + C1) / (100.0f64.powi(2) + 101.0f64.powi(2) + C1);
    assert!((ssim(luma(&a), luma(&b)).unwrap() - expected).abs() < 1e-9);
    assert!((psnr_db(luma(&a), luma(&b)).unwrap().unwrap() - 48.1308).abs() < 1e-4);
    assert!((ssim(luma(&a), luma(&a)).unwrap() - 1.0).abs() < 1e-12);
    assert_eq!(psnr_db(luma(&a), luma(&a)), Ok(None));
}

#[test]
fn only_pictures_of_one_number_are_compared() {
    let (ramp, noisy) = pair();
    let mut comparison = PictureComparison::default();
    assert_eq!((comparison.mean_ssim(), comparison.mean_psnr_db()), (None, None));
    comparison.compare((7, luma(&ramp)), (7, luma(&noisy))).unwrap();
    comparison.compare((8, luma(&ramp)), (8, luma(&ramp))).unwrap();
    let error = comparison.compare((9, luma(&ramp)), (10, luma(&ramp))).unwrap_err();
    assert_eq!(error, SimilarityError::OtherPicture { sent: 9, received: 10 });
    assert_eq!((comparison.n, comparison.equal), (2, 1));
    assert!((comparison.mean_ssim().unwrap() - (1.0 + 0.897_916_187) / 2.0).abs() < 1e-8);
    assert!((comparison.ssim_min.unwrap() - 0.897_916_187).abs() < 1e-8);
    assert!((comparison.mean_psnr_db().unwrap() - 28.541_976_729).abs() < 1e-8);
}

#[test]
fn pictures_that_do_not_fit_say_so() {
    let (ramp, _) = pair();
    let narrow = Luma::new(&ramp, 20, 17, 23).unwrap();
    assert_eq!(psnr_db(luma(&ramp), narrow), Err(SimilarityError::Sizes { a: SIZE, b: (20, 17) }));
    let small = Luma::new(&ramp, 10, 17, 23).unwrap();
    assert_eq!(ssim(small, small), Err(SimilarityError::TooSmall((10, 17))));
}
