//! `saturn data get`: a data set from its publisher.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use saturn_data::get::{Fetched, Item, fetch, find};

use super::print::print;
use crate::run::Progress;

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
            Fetched::Checked => format!("{place}: its checksum is right"),
            Fetched::Recorded => format!(
                "{place}: its publisher gives no checksum; that of what came is in {place}.sha256"
            ),
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
        || "size not published".to_owned(),
        |bytes| format!("{:.1} MB", bytes as f64 / 1e6),
    );
    let checksum = if item.checksum.is_some() {
        "with checksum"
    } else {
        "no checksum published"
    };
    format!("{} ({size}, {checksum})", item.url)
}
