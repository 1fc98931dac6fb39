//! Parts of the picture, and photos without them.

use glasstree::explain::{
    Area, Cam, Question, Rect, Region, RegionError, Removal, Rule, branch_accounts,
};
use glasstree::preprocess::RectTransform;
use image::{Rgb, RgbImage};
use proptest::prelude::*;

use super::assert_close;
use super::evidence::case;

const SIDE: f64 = 224.0;

fn rect() -> impl Strategy<Value = Rect> {
    let from = -50.0..250.0_f64;
    let size = 0.1..300.0_f64;
    (from.clone(), from, size.clone(), size).prop_map(|(x, y, w, h)| Rect::new(x, y, w, h))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn region_and_rest_are_the_whole(case in case(3, 4), rect in rect()) {
        let region = Region::of_rect(3, 4, SIDE, &rect);
        let decision = case.decision(Rule::Soft);
        let class_maps = case.class_maps();
        let mut questions: Vec<_> =
            (0..case.tree.classes()).map(|class| Question::class(class, "")).collect();
        questions.extend((1..case.tree.nodes().len()).filter_map(|id| Question::decision(&case.tree, id, Rule::Soft).ok()));
        for question in questions {
            let evidence = case.evidence(question);
            let account = region.account(&evidence, &[]);
            // Sums of 8 products of size 6, in 32 bits.
            prop_assert!((account.region + account.without() - account.total).abs() < 1e-4, "{account:?}");
            let whole = Region::whole(3, 4).account(&evidence, &[]);
            prop_assert!((whole.region - evidence.map.mean()).abs() < 1e-5 && whole.rest == 0.0);
            let nothing = Region::of_cells(3, 4, &[]).account(&evidence, &[]);
            prop_assert!(nothing.region == 0.0 && (nothing.rest - whole.region).abs() < 1e-5);
        }

        // The shortcut by maps is the linear layer on features without the region.
        let without = region.logits_without(&case.forward.logits, &class_maps);
        let features = region.removed_from(case.features());
        assert_close(&without, &case.logits(&features), 1e-4, "logits without the region");
        let after = glasstree::explain::Decision::new(&case.tree, &without, Rule::Soft);
        for account in branch_accounts(&case.tree, &decision, &after, &decision.path) {
            let question = Question::decision(&case.tree, account.node, Rule::Soft).unwrap();
            let parent = case.tree.node(account.node).parent.unwrap();
            if case.tree.node(parent).children.len() == 2 {
                let linear = region.account(&case.evidence(question), &without).region;
                prop_assert!((account.region - linear).abs() < 2e-4, "{account:?} {linear}");
            }
            prop_assert_eq!(account.probability, decision.branch_prob[account.node]);
            prop_assert_eq!(account.probability_without, after.branch_prob[account.node]);
        }
    }

    #[test]
    fn the_area_is_that_of_the_box(rect in rect(), height in 1..9_usize, width in 1..9_usize) {
        let region = Region::of_rect(height, width, SIDE, &rect);
        let seen = rect.intersection(&Rect::of_size(SIDE, SIDE));
        let area = if seen.is_empty() { 0.0 } else {
            (seen.max[0] - seen.min[0]) * (seen.max[1] - seen.min[1])
        };
        prop_assert!((region.share() - area / SIDE / SIDE).abs() < 1e-9);
        prop_assert!(region.covered.iter().all(|share| (0.0..=1.0 + 1e-9).contains(share)));

        // As a lasso: each horizontal edge is off by at most half of the distance of two lines.
        let ([x0, y0], [x1, y1]) = (rect.min, rect.max);
        let corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
        let lasso = Region::of_lasso(height, width, SIDE, &corners).unwrap();
        for (a, b) in region.covered.iter().zip(&lasso.covered) {
            prop_assert!((a - b).abs() <= 1.0 / 16.0 + 1e-9, "{a} {b}");
        }
    }

    #[test]
    fn photo_coordinates_are_input_coordinates_moved(rect in rect()) {
        let transform = RectTransform { scale: [3.0, 2.5], offset: [40.0, -30.0] };
        let inside = rect.intersection(&Rect::of_size(SIDE, SIDE));
        prop_assume!(!inside.is_empty());
        let photo = inside.through(transform).intersection(&Rect::of_size(900.0, 700.0));
        prop_assume!(!photo.is_empty());
        let region = Region::of_area([7, 7], SIDE, transform, (900, 700), &Area::Box(photo)).unwrap();
        let direct = Region::of_rect(7, 7, SIDE, &photo.through(transform.inverse()));
        for (a, b) in region.covered.iter().zip(&direct.covered) {
            prop_assert!((a - b).abs() < 1e-9);
        }
    }

    /// A box, a lasso along its edges and its halves as cells are the same area: of the map, of the
    /// photo, and of what is painted over.
    #[test]
    fn areas_agree(rect in rect(), x in -60.0..300.0_f64, y in -60.0..300.0_f64) {
        let ([x0, y0], [x1, y1]) = (rect.min, rect.max);
        let lasso = Area::Lasso(vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1]]);
        let middle = rect.centre()[0];
        let (mut left, mut right) = (rect, rect);
        (left.max[0], right.min[0]) = (middle, middle);
        let areas = [Area::Box(rect), lasso, Area::Cells(vec![right, left])];
        let photo = RgbImage::from_fn(23, 19, |x, y| Rgb([(x * 9) as u8, (y * 9) as u8, 7]));
        let to_photo = RectTransform { scale: [0.11; 2], offset: [-2.0, 1.0] };
        let painted = |area: &Area| Removal::MeanColor.apply(&photo, &area.through(to_photo), 1.0);
        let first = painted(&areas[0]);
        for area in &areas {
            prop_assert_eq!(area.bounds(), Some(rect));
            let inside = x0 <= x && x < x1 && y0 <= y && y < y1;
            prop_assert_eq!(area.contains([x, y]), inside, "{:?}", area);
            let moved = area.moved([5.0, -7.0]);
            // Sums of numbers in the hundreds, in 64 bits.
            let at_edge = [x - x0, x - x1, y - y0, y - y1].iter().any(|off| off.abs() < 1e-9);
            prop_assert!(at_edge || moved.contains([x + 5.0, y - 7.0]) == inside);
            prop_assert_eq!(&painted(area), &first, "{:?}", area);
        }
    }

    /// What is surrounded twice is outside: two rings, one in the other.
    #[test]
    fn a_lasso_that_crosses_itself_has_a_hole(size in 20.0..100.0_f64) {
        let ring = |inset: f64| {
            let (low, high) = (inset, 2.0 * size - inset);
            [[low, low], [high, low], [high, high], [low, high], [low, low]]
        };
        let corners: Vec<_> = [ring(0.0), ring(size / 2.0)].concat();
        let region = Region::of_lasso(32, 32, SIDE, &corners).unwrap();
        let area = region.share() * SIDE * SIDE;
        // Both rings' horizontal edges are off by at most half a line: 1/16 cell of 7 pixels.
        prop_assert!((area - 3.0 * size * size).abs() < 2.0 * 3.0 * size * 7.0 / 16.0, "{area}");
        prop_assert!(!Area::Lasso(corners).contains([size, size]));
    }

    #[test]
    fn no_lasso_panics(corners in prop::collection::vec(prop::array::uniform2(any::<f64>()), 0..9)) {
        if let Ok(region) = Region::of_lasso(3, 3, SIDE, &corners) {
            prop_assert!(region.covered.iter().all(|share| !share.is_nan()));
        }
    }
}

#[test]
fn fractional_cells_count_by_area() {
    let map = Cam { height: 2, width: 2, data: vec![4.0, 8.0, 16.0, 32.0] };
    // The right half of the upper left cell and the left quarter of its neighbour.
    let region = Region::of_rect(2, 2, 2.0, &Rect::new(0.5, 0.0, 0.75, 1.0));
    assert_eq!(region.covered, [0.5, 0.25, 0.0, 0.0]);
    assert_eq!(region.contribution(&map.data), (0.5 * 4.0 + 0.25 * 8.0) / 4.0);
    // A triangle: half of the square.
    let triangle = Region::of_lasso(2, 2, 2.0, &[[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]]).unwrap();
    assert!((triangle.share() - 0.5).abs() < 1e-9, "{}", triangle.share());
    assert_eq!((triangle.covered[0], triangle.covered[3]), (1.0, 0.0));
}

#[test]
fn regions_that_are_none_are_told_in_words() {
    let transform = RectTransform { scale: [1.0; 2], offset: [30.0, 0.0] };
    let of_area = |area: Area| Region::of_area([7, 7], 100.0, transform, (160, 100), &area);
    let region = |rect| of_area(Area::Box(rect));
    assert_eq!(region(Rect::new(0.0, 0.0, 0.0, 5.0)), Err(RegionError::Empty));
    assert_eq!(region(Rect::new(0.0, 0.0, -4.0, 5.0)), Err(RegionError::Empty));
    assert_eq!(region(Rect::new(f64::NAN, 0.0, 4.0, 5.0)), Err(RegionError::NotANumber));
    assert_eq!(region(Rect::new(0.0, 0.0, f64::INFINITY, 5.0)), Err(RegionError::NotANumber));
    let outside = RegionError::OutsidePhoto { width: 160, height: 100 };
    assert_eq!(region(Rect::new(-9.0, 0.0, 9.0, 5.0)), Err(outside));
    let unseen = region(Rect::new(0.0, 0.0, 30.0, 100.0)).unwrap_err().to_string();
    assert!(unseen.contains("x 30 to 130 and y 0 to 100"), "{unseen}");
    assert_eq!(region(Rect::new(-9.0, -9.0, 900.0, 900.0)), Ok(Region::whole(7, 7)));
    let lasso = |corners: &[[f64; 2]]| Region::of_lasso(7, 7, 100.0, corners);
    assert_eq!(lasso(&[[0.0; 2]; 2]), Err(RegionError::TooFewCorners));
    assert_eq!(lasso(&[[f64::NAN; 2]; 3]), Err(RegionError::NotANumber));
    assert_eq!(lasso(&vec![[0.0; 2]; 20_000]), Err(RegionError::TooManyCorners(20_000)));

    // A lasso on the photo: without area, beside the photo, beside what is seen, across an edge.
    let lasso = |corners: &[[f64; 2]]| of_area(Area::Lasso(corners.to_vec()));
    assert_eq!(lasso(&[[50.0, 0.0], [50.0, 9.0], [50.0, 5.0]]), Err(RegionError::Empty));
    assert_eq!(lasso(&[[50.0, 0.0], [60.0, 9.0], [50.0, 0.0]]), Err(RegionError::Empty));
    let beside = [[-9.0, 0.0], [-1.0, 0.0], [-5.0, 60.0]];
    assert!(matches!(lasso(&beside), Err(RegionError::OutsidePhoto { .. })));
    let unseen = [[0.0, 0.0], [29.0, 0.0], [0.0, 99.0]];
    assert!(matches!(lasso(&unseen), Err(RegionError::NotSeen(_))));
    let across = [[-99.0, -99.0], [999.0, -99.0], [999.0, 999.0], [-99.0, 999.0]];
    assert_eq!(lasso(&across).unwrap().share(), 1.0);
    assert_eq!(of_area(Area::Cells(Vec::new())), Err(RegionError::Empty));
}

#[test]
fn removal_changes_the_part_and_nothing_else() {
    let photo = RgbImage::from_fn(9, 7, |x, y| Rgb([(x * 28) as u8, (y * 36) as u8, 7]));
    let area = Area::Box(Rect::new(2.0, 1.0, 3.0, 100.0));
    for how in [Removal::MeanColor, Removal::Blur] {
        for sigma in [0.0, 1.0, 1e9, f64::NAN] {
            let picture = how.apply(&photo, &area, sigma);
            for (x, y, pixel) in photo.enumerate_pixels() {
                if !(2..5).contains(&x) || y < 1 {
                    assert_eq!(picture.get_pixel(x, y), pixel, "{how} {x} {y}");
                }
            }
        }
        assert_eq!(how.apply(&photo, &Area::Cells(Vec::new()), 1.0), photo);
        let empty = RgbImage::new(0, 0);
        assert_eq!(how.apply(&empty, &area, 1.0), empty);
        let dot = RgbImage::new(1, 1);
        assert_eq!(how.apply(&dot, &Area::Box(Rect::of_size(1.0, 1.0)), 5.0), dot);
    }
    let mean = Removal::MeanColor.apply(&photo, &area, 1.0);
    // Means of 0, 28 … 224 and of 0, 36 … 216.
    assert_eq!(mean.get_pixel(3, 3).0, [112, 108, 7]);
    let blurred = Removal::Blur.apply(&photo, &area, 2.0);
    assert_ne!(blurred.get_pixel(2, 6), photo.get_pixel(2, 6));
}
