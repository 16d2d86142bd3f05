//! The limit of the machine for a durable commit: what the disk alone takes.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom, Write},
    path::Path,
    time::{Duration, Instant},
};

use crate::company::Done;

/// A page of SQLite's log with its header.
const FRAME: [u8; 4_120] = [7; 4_120];
const TIMES: usize = 301;

/// The median time to write some frames and wait for the disk: with `fsync` where the file grows, as a log does at first; then where it has its length, with `fsync` (which the bundled
/// SQLite calls) and with `fdatasync`.
pub(crate) fn synced(folder: &Path, frames: usize) -> Done<[Duration; 3]> {
    let mut file = File::create(folder.join("synced"))?;
    let grows = median(&mut file, frames, File::sync_all)?;
    file.seek(SeekFrom::Start(0))?;
    let stays = median(&mut file, frames, File::sync_all)?;
    file.seek(SeekFrom::Start(0))?;
    Ok([grows, stays, median(&mut file, frames, File::sync_data)?])
}

fn median(file: &mut File, frames: usize, wait: fn(&File) -> io::Result<()>) -> Done<Duration> {
    let mut took = Vec::new();
    for _ in 0..TIMES {
        let start = Instant::now();
        for _ in 0..frames {
            file.write_all(&FRAME)?;
        }
        wait(file)?;
        took.push(start.elapsed());
    }
    took.sort_unstable();
    Ok(took[TIMES / 2])
}
