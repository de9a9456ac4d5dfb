//! Holders that end, vanish, are suspended, and many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;

const QUICK: Timing = Timing {
    beat: Duration::from_millis(30),
    patience: Duration::from_millis(400),
};

fn lease(path: &Path) -> Option<Lease> {
    let never = |_: &Holder| ControlFlow::Continue(());
    acquire(path, QUICK, never, |_| {}).unwrap()
}

/// The file of a holder on another machine, which does not write to it.
fn elsewhere(path: &Path) -> Holder {
    let text = Holder::this_process().text();
    let text = text.replace("machine ", "machine another-");
    fs::write(path, &text).unwrap();
    Holder::parse(&text)
}

/// Who is alive of the holders of these.
fn alive(paths: &[&Path]) -> Option<Holder> {
    let paths: Vec<PathBuf> = paths.iter().map(|&path| path.to_owned()).collect();
    any_alive(&paths, QUICK, |_| ControlFlow::Continue(())).unwrap()
}

fn left(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn one_has_it_until_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.lease");
    let first = lease(&path).unwrap();
    let began = Instant::now();
    assert!(lease(&path).is_none());
    assert!(began.elapsed() < QUICK.patience, "known at once");
    let alive = alive(&[&path]);
    assert!(alive.unwrap().to_string().starts_with("process "));
    drop(first);
    assert_eq!(left(folder.path()), 0);
    assert!(lease(&path).is_some());
    assert_eq!(left(folder.path()), 0);
}

#[test]
fn a_silent_holder_elsewhere_loses_it_after_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.lease");
    elsewhere(&path);
    let began = Instant::now();
    let own = lease(&path).unwrap();
    assert!(began.elapsed() >= QUICK.patience);
    drop(own);
    assert_eq!(left(folder.path()), 0);
    // A file that is damaged belongs to nobody who is known.
    fs::write(&path, "saturn le").unwrap();
    assert!(lease(&path).is_some());
    // Whoever gives up has no answer, and takes nothing.
    elsewhere(&path);
    let give_up = |_: &Holder| ControlFlow::Break(());
    assert!(acquire(&path, QUICK, give_up, |_| {}).unwrap().is_none());
    assert!(path.exists());
}

/// Many silent ones take no longer than one.
#[test]
fn all_are_waited_for_together() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..20).map(|k| folder.path().join(k.to_string())).collect();
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    for path in &paths {
        elsewhere(path);
    }
    let own = lease(&folder.path().join("own")).unwrap();
    let own_path = folder.path().join("own");
    assert!(alive(&[&paths[..], &[&own_path]].concat()).is_some());
    assert_eq!(left(folder.path()), 21, "nothing is decided yet");
    drop(own);
    let began = Instant::now();
    assert!(alive(&paths).is_none());
    assert!(began.elapsed() < 3 * QUICK.patience);
    assert_eq!(left(folder.path()), 0);
}

#[test]
fn a_beating_holder_elsewhere_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.lease");
    let text = elsewhere(&path).text();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for beats in 1.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                fs::write(&path, text.replace(&counter(0), &counter(beats))).unwrap();
                thread::sleep(QUICK.beat);
            }
        });
        assert!(lease(&path).is_none());
        stop.store(true, Ordering::Relaxed);
    });
    assert!(path.exists());
}

/// A holder of this machine whose process has ended is gone at once.
#[cfg(target_os = "linux")]
#[test]
fn a_killed_process_here_has_no_lease() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.lease");
    let own = Holder::this_process().text();
    let mut child = std::process::Command::new("sleep")
        .arg("60")
        .spawn()
        .unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let start = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(19);
    let process = own
        .lines()
        .find(|line| line.starts_with("process "))
        .unwrap();
    let other = format!("process {} {}", child.id(), start.unwrap());
    fs::write(&path, own.replace(process, &other)).unwrap();
    assert!(lease(&path).is_none());
    child.kill().unwrap();
    child.wait().unwrap();
    let began = Instant::now();
    assert!(lease(&path).is_some());
    assert!(began.elapsed() < QUICK.patience);
}

#[test]
fn whoever_lost_it_is_told_and_takes_nothing_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.lease");
    let stop = Arc::new(AtomicBool::new(false));
    let never = |_: &Holder| ControlFlow::Continue(());
    let told = Arc::clone(&stop);
    let lost = move |_: &Holder| told.store(true, Ordering::Relaxed);
    let first = acquire(&path, QUICK, never, lost).unwrap();
    // As if it had been suspended, and another process had taken over.
    fs::remove_file(&path).unwrap();
    let other = elsewhere(&path);
    let began = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        assert!(began.elapsed() < Duration::from_secs(10));
        thread::sleep(QUICK.beat);
    }
    drop(first);
    assert_eq!(Holder::parse(&read(&path).unwrap().unwrap()), other);
}

#[test]
fn of_many_at_once_one_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.lease");
    let (now, held) = (AtomicUsize::new(0), AtomicUsize::new(0));
    for _ in 0..5 {
        elsewhere(&path);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    if let Some(own) = lease(&path) {
                        assert_eq!(now.fetch_add(1, Ordering::SeqCst), 0, "two hold it");
                        held.fetch_add(1, Ordering::SeqCst);
                        thread::sleep(Duration::from_millis(20));
                        now.fetch_sub(1, Ordering::SeqCst);
                        drop(own);
                    }
                });
            }
        });
    }
    assert!(held.into_inner() >= 5);
    assert_eq!(left(folder.path()), 0);
}
