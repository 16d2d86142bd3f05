//! A progress bar on stderr, hidden where stderr is not a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of a length; `units` shows what it is counted in: `{bytes}/{total_bytes}`, `{human_pos}/{human_len}`.
pub(crate) fn bar(what: &'static str, length: u64, units: &str) -> ProgressBar {
    let bar = ProgressBar::new(length).with_message(what);
    // A template that does not parse leaves the usual bar.
    match ProgressStyle::with_template(&format!("{{msg}} {{wide_bar}} {units}, {{eta}} left")) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
