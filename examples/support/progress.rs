//! A progress bar on stderr, hidden where stderr is not a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over so many bytes.
pub(crate) fn bar_over_bytes(what: &'static str, bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes).with_message(what);
    // A template that does not parse leaves the usual bar.
    match ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
