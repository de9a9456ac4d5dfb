use super::*;

fn counted(tallies: &[(u64, u64)]) -> ByRecording {
    let tally = |&(right, total)| Tally { right, total };
    ByRecording {
        tallies: tallies.iter().map(tally).collect(),
    }
}

/// By effect: totals 1, 0, 3 are 010 1 00100, correct predictions 1 of 1 and 2 of 3 are 1 10.
#[test]
fn a_few_recordings_are_these_bits() {
    let counts = counted(&[(1, 1), (0, 0), (2, 3)]);
    let (totals, right) = (counts.totals(), counts.right());
    assert_eq!(totals, STANDARD.encode([0b0101_0010, 0b0000_0000]));
    assert_eq!(right, STANDARD.encode([0b1100_0000]));
    assert_eq!(super::totals(&totals, 9).unwrap(), [1, 0, 3]);
    assert_eq!(
        ByRecording::from_text(&[1, 0, 3], &right).unwrap(),
        counted(&[(1, 1), (0, 0), (2, 3)])
    );
}

#[test]
fn any_tallies_come_back_and_take_few_bytes() {
    let mut rng = saturn_cell::rng::generator(1, "tallies", 0);
    for round in 0..200u64 {
        let most = 1 << (round % 40);
        let tallies: Vec<(u64, u64)> = (0..round)
            .map(|_| {
                let total = rand::RngExt::random_range(&mut rng, 0..=most);
                (rand::RngExt::random_range(&mut rng, 0..=total), total)
            })
            .chain([(1, 1)])
            .collect();
        let counts = counted(&tallies);
        let json = serde_json::to_string(&counts).unwrap();
        assert_eq!(
            serde_json::from_str::<ByRecording>(&json).unwrap(),
            counts,
            "{round}"
        );
        let bits = postcard::to_stdvec(&counts).unwrap();
        assert_eq!(postcard::from_bytes::<ByRecording>(&bits).unwrap(), counts);
    }
    // Two segments of each of 250 recordings: 3 + 2 bits each.
    let counts = counted(&[(1, 2); 250]);
    assert_eq!((counts.totals().len(), counts.right().len()), (128, 84));
    let largest = counted(&[(u64::MAX, u64::MAX)]);
    let json = serde_json::to_value(&largest).unwrap();
    assert_eq!(
        serde_json::from_value::<ByRecording>(json).unwrap(),
        largest
    );
}

#[test]
fn what_earlier_versions_wrote_reads() {
    let text = r#"{"tallies":[{"right":1,"total":2},{"right":0,"total":0}]}"#;
    assert_eq!(
        serde_json::from_str::<ByRecording>(text).unwrap(),
        counted(&[(1, 2), (0, 0)])
    );
    assert!(
        serde_json::from_str::<ByRecording>(r#"{"tallies":[]}"#)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn damaged_text_is_an_error() {
    let good = counted(&[(3, 4), (1, 1)]);
    let right = good.right();
    let of = |totals: &[u64], right: &str| ByRecording::from_text(totals, right).unwrap_err();
    assert!(matches!(of(&[4, 1], "?"), TallyError::Base64(_)));
    assert_eq!(of(&[4, 1, 9, 9], &right), TallyError::Short);
    assert_eq!(of(&[], &right), TallyError::Short);
    let more = TallyError::MoreThanAll {
        recording: 0,
        right: 6,
        total: 4,
    };
    assert_eq!(of(&[4], &STANDARD.encode([0b1100_0000])), more);
    assert_eq!(
        totals(&good.totals(), 1),
        Err(TallyError::TooMany { most: 1 })
    );
}
