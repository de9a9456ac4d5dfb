//! `report.html` as a browser shows it: at two widths, light and dark.
//!
//! If Debian's package `chromium` is not installed, the test is skipped with a message.

mod chromium;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::saturn::{Bench, succeeds};
use chromium::Chromium;

/// Windows that are looked at, px: a laptop and a telephone.
const WIDTHS: [u32; 2] = [1_200, 390];
const SCHEMES: [&str; 2] = ["light", "dark"];

/// The faults of the page, as a list of sentences; run in the page, with all folds open.
///
/// Content wider than its place must be in a frame that scrolls, that can be reached from the keyboard, and
/// that shows that it scrolls: by a shade at its edges or by a label.
const FAULTS: &str = r#"(async () => {
  document.querySelectorAll('details').forEach(d => d.open = true);
  await Promise.all([...document.images].map(i => i.decode().catch(() => {})));
  const faults = [], root = document.documentElement, wide = root.clientWidth;
  if (root.scrollWidth > wide) faults.push(`the page is ${root.scrollWidth} px wide in ${wide}`);
  const name = e => `<${e.tagName.toLowerCase()} class="${e.className}"> ${(e.textContent || '').trim().slice(0, 40)}`;
  const frame = e => { for (let p = e; p && p !== document.body; p = p.parentElement) {
    if (['auto', 'scroll'].includes(getComputedStyle(p).overflowX)) return p; } return null; };
  let seen = 0;
  for (const e of document.body.querySelectorAll('*')) {
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    if (!box.width || style.position === 'absolute') continue;
    const own = frame(e);
    if (!own && (box.right > wide + 1 || box.left < -1)) faults.push(`${name(e)} reaches from ${box.left} to ${box.right} of ${wide}`);
    if (['hidden', 'clip'].includes(style.overflowX) && e.scrollWidth > e.clientWidth) faults.push(`${name(e)} is cut off`);
    if (own === e && e.scrollWidth > e.clientWidth + 1) {
      seen += 1;
      const label = e.parentElement && getComputedStyle(e.parentElement, '::after').content;
      const shown = style.backgroundImage.includes('gradient') || (label && label.includes('scroll'));
      if (!shown) faults.push(`${name(e)} scrolls and does not show it`);
      if (e.tabIndex < 0) faults.push(`${name(e)} cannot be reached from the keyboard`);
    }
  }
  for (const t of document.querySelectorAll('table.checklist')) {
    const f = frame(t);
    if (f && f.scrollWidth > f.clientWidth + 1) faults.push(`the checklist is ${f.scrollWidth} px wide in ${f.clientWidth}`);
  }
  for (const i of document.images) if (!i.naturalWidth) faults.push(`a figure did not load: ${i.alt.slice(0, 60)}`);
  const ground = getComputedStyle(document.body).backgroundColor;
  return JSON.stringify({faults, images: document.images.length, frames: seen, ground});
})()"#;

#[test]
fn a_report_can_be_read_in_a_browser() {
    let Some(mut browser) = Chromium::start() else {
        eprintln!("skipped: no chromium");
        return;
    };
    let bench = Bench::new();
    succeeds(&bench.saturn(&["run", "tiny.yaml", "--out", "out"]));
    let page = bench.path("out/report.html");
    let shots = std::env::var_os("SATURN_SCREENSHOTS");
    looks_right(&mut browser, &page, shots.as_deref().map(Path::new));
}

/// Asserts that `page` has no fault at any width in any colour scheme; puts screenshots into `shots`.
fn looks_right(browser: &mut Chromium, page: &Path, shots: Option<&Path>) {
    let mut grounds = Vec::new();
    for scheme in SCHEMES {
        for width in WIDTHS {
            let found = faults(browser, page, width, scheme);
            let place = format!("{width} px, {scheme}");
            assert_eq!(found["faults"], json!([]), "{place}");
            assert!(found["images"].as_u64() > Some(3), "{place}: {found}");
            let errors = browser.errors();
            assert!(errors.is_empty(), "{place}: {errors:#?}");
            if let Some(folder) = shots {
                fs::create_dir_all(folder).unwrap();
                let file = folder.join(format!("report-{width}-{scheme}.png"));
                fs::write(file, browser.screenshot()).unwrap();
            }
            grounds.push(found["ground"].clone());
        }
    }
    assert_ne!(grounds[0], grounds[2], "light and dark have one ground");
}

fn faults(browser: &mut Chromium, page: &Path, width: u32, scheme: &str) -> Value {
    browser.emulate(width, scheme);
    browser.open(page);
    let text = browser.evaluate(FAULTS);
    serde_json::from_str(text.as_str().expect("text")).unwrap()
}

/// The test can fail: each fault of a page is reported.
#[test]
fn a_page_with_faults_is_told_from_one_without() {
    let Some(mut browser) = Chromium::start() else {
        eprintln!("skipped: no chromium");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("bad.html");
    let body = "<p style='width:2000px'>wide</p><div style='overflow-x:auto'><p style='width:3000px'>hidden sign</p></div>\
        <img src='nowhere.png' width='10' height='10' alt='lost'><script>console.error('an error'); nothing();</script>";
    fs::write(&page, format!("<!doctype html><body>{body}")).unwrap();
    let found = faults(&mut browser, &page, 1_200, "light");
    let text = found["faults"].to_string();
    for part in [
        "the page is",
        "reaches from",
        "does not show it",
        "did not load",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let errors = browser.errors();
    assert!(errors.iter().any(|e| e.contains("an error")), "{errors:?}");
    assert!(errors.iter().any(|e| e.contains("nothing")), "{errors:?}");
}
