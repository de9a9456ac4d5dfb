//! `saturn data get`: a data set from its publisher.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use saturn_data::get::{Checksum, Fetched, Item, fetch, find};

use super::print::print;
use saturn_store::Progress;

/// Fetches the set called `name` to `out`, or to a folder of its name, and says what to run then.
pub fn get(name: &str, out: Option<&Path>, progress: &Progress) -> Result<()> {
    let set = find(name).with_context(|| format!("there is no set `{name}`"))?;
    let folder = out.map_or_else(|| PathBuf::from("data").join(set.name), Path::to_owned);
    progress.line(set.title);
    progress.line(&format!("licence: {}", set.licence));
    progress.line(&format!("from: {}", set.page));
    for item in set.items {
        progress.line(&announce(item));
        let mut begun = None;
        let mut before = 0;
        let fetched = fetch(item, set.page, &folder, &mut |done, total| {
            if begun != total {
                progress.total(total.unwrap_or(0));
                begun = total;
                before = 0;
            }
            progress.advance(done.saturating_sub(before));
            before = done;
            if progress.stopped() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        let place = folder.join(item.file);
        let place = place.display();
        let line = match fetched {
            Fetched::AlreadyThere => format!("{place}: there already, and whole"),
            Fetched::Checked => format!("{place}: {}", checked(item)),
            Fetched::Recorded => {
                format!("{place}: no checksum is known; that of what came is in {place}.sha256")
            }
        };
        progress.aside(|| print(&line))?;
    }
    let folder = folder.to_string_lossy();
    let next = set.next.iter();
    let next = next.map(|line| format!("\n  {}", line.replace("{}", &folder)));
    print(&format!("next:{}", next.collect::<String>()))
}

/// What is about to come: the file, its size, its checksum.
fn announce(item: &Item) -> String {
    let size = item.size.map_or_else(
        || {
            format!(
                "size not known, at most {:.0} MB",
                item.at_most as f64 / 1e6
            )
        },
        |bytes| format!("{:.1} MB", bytes as f64 / 1e6),
    );
    let checksum = match (item.checksum, item.contents) {
        (Some(Checksum::Sha256(_)), _) => "SHA-256".to_owned(),
        (Some(Checksum::Md5(_)), _) => "its publisher's MD5, no SHA-256 known".to_owned(),
        (None, Some(known)) => format!("SHA-256 of {} {}", known.files, known.what),
        (None, None) => "no checksum known".to_owned(),
    };
    format!("{} ({size}, {checksum})", item.url)
}

/// What was compared.
fn checked(item: &Item) -> String {
    match (item.checksum, item.contents) {
        (Some(Checksum::Md5(_)), _) => {
            "its MD5 is its publisher's; MD5 shows accidents, not a file that \
            someone has changed on purpose"
                .to_owned()
        }
        (None, Some(known)) => format!(
            "{} {} in it have the SHA-256 that is known; the rest of it is not checked",
            known.files, known.what
        ),
        _ => "its SHA-256 is right".to_owned(),
    }
}
