//! Files that are rejected, and the fallback to the previous one.

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn stage(folder: &tempfile::TempDir, key: &'static str) -> Keeper {
    Keeper::new(
        Stage {
            folder: folder.path(),
            name: "a.b.1",
            key,
            keeping: Keeping {
                every: Duration::ZERO,
                keep: 2,
            },
        },
        "",
    )
}

/// What is loaded, and the lines reported.
fn load(folder: &tempfile::TempDir, key: &'static str) -> (Option<Vec<u64>>, Vec<String>) {
    let said = RefCell::new(Vec::new());
    let found = stage(folder, key)
        .load(&|line| said.borrow_mut().push(line.to_owned()))
        .expect("a folder that can be read");
    (found, said.into_inner())
}

/// Three saved, of which two are kept.
fn three() -> (tempfile::TempDir, [PathBuf; 2]) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut keeper = stage(&folder, "key");
    for n in 1..=3u64 {
        assert!(keeper.is_due());
        keeper.save(&vec![n, 10 * n]).expect("saved");
    }
    let path = |n| folder.path().join(format!("a.b.1.{n}.ckpt"));
    assert!(!path(1).exists());
    let kept = [path(2), path(3)];
    (folder, kept)
}

#[test]
fn the_newest_is_taken_and_the_last_two_are_kept() {
    let (folder, _) = three();
    assert_eq!(load(&folder, "key"), (Some(vec![3, 30]), Vec::new()));
    // A stage whose name is longer is another one.
    fs::write(folder.path().join("a.b.1.x.7.ckpt"), "no").unwrap();
    assert_eq!(load(&folder, "key").0, Some(vec![3, 30]));
    remove(folder.path(), "a.b.1.").unwrap();
    assert_eq!(load(&folder, "key"), (None, Vec::new()));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_is_wrong_is_refused_by_name_and_the_one_before_is_taken() {
    let whole = fs::read(&three().1[1]).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let mut newer = whole.clone();
    newer[14] = b'9';
    let mut longer = whole.clone();
    longer.push(0);
    for (bytes, why) in [
        (whole[..whole.len() - 1].to_vec(), "is truncated or corrupt"),
        (whole[..40].to_vec(), "is truncated or corrupt"),
        (longer, "is truncated or corrupt"),
        (Vec::new(), "is not a checkpoint"),
        (
            b"saturn stream 1\n and so on".to_vec(),
            "is not a checkpoint",
        ),
        (flipped, "is damaged"),
        (newer, "is of another version of saturn"),
        (
            encode("other", &vec![1u64]).unwrap(),
            "is of another scenario",
        ),
        (encode("key", &5u8).unwrap(), "is damaged"),
    ] {
        let (folder, [before, last]) = three();
        fs::write(&last, bytes).unwrap();
        let (found, said) = load(&folder, "key");
        assert_eq!(found, Some(vec![2, 20]), "{why}");
        let [said] = said.as_slice() else {
            panic!("one line: {said:?}")
        };
        assert!(
            said.starts_with(&format!("{}: {why}", last.display())),
            "{said}"
        );
        let hint = format!("hint: resuming from {}", before.display());
        assert!(said.ends_with(&hint), "{said}");
        // The next one gets a new number.
        let mut keeper = stage(&folder, "key");
        keeper.load::<Vec<u64>>(&|_| {}).unwrap();
        keeper.save(&vec![4u64]).unwrap();
        assert_eq!(load(&folder, "key").0, Some(vec![4]));
    }
}

#[test]
fn without_a_sound_one_it_says_that_it_begins_anew() {
    let (folder, _) = three();
    let (found, said) = load(&folder, "another key");
    assert_eq!((found, said.len()), (None, 2));
    assert!(said.iter().all(|line| line.contains("starts again")));
}

#[test]
fn numbers_keep_their_bits() {
    let values = [0.1f32, -0.0, f32::NAN, f32::INFINITY, f32::MIN_POSITIVE];
    let kept: Numbers =
        postcard::from_bytes(&postcard::to_stdvec(&Numbers::of(&values)).unwrap()).unwrap();
    let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&kept.values::<f32>()), bits(&values));
    let mut to = [0.0f32; 5];
    kept.write(&mut to);
    assert_eq!(bits(&to), bits(&values));
}

proptest! {
    #[test]
    fn any_bytes_are_refused(body in prop::collection::vec(any::<u8>(), 0..300), sound in any::<bool>()) {
        let bytes = if sound { seal(CHECKPOINT, &body) } else { body };
        prop_assert!(decode::<Vec<String>>("a long enough key", &bytes).is_err());
    }
}
