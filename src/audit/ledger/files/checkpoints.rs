//! The file of signed checkpoints: one more with each commit, of those of a span the last counts.

use std::{
    io::Result,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::disk;

#[derive(Deserialize)]
struct Span {
    first: u64,
}

/// Where a chain's are.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join("checkpoints.jsonl")
}

/// Those that count, oldest first; one that is being written is none yet.
pub(super) fn read(dir: &Path) -> Result<Vec<String>> {
    let bytes = disk::read(&path(dir))?;
    Ok(counting(&bytes[..whole(&bytes)]))
}

/// How many bytes are of whole lines.
pub(super) fn whole(bytes: &[u8]) -> usize {
    memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1)
}

fn counting(bytes: &[u8]) -> Vec<String> {
    let mut counting: Vec<(Option<u64>, String)> = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        // What cannot be read counts for itself: whoever checks it says what is wrong.
        let first = serde_json::from_slice::<Span>(line).ok().map(|span| span.first);
        if first.is_some() && counting.last().is_some_and(|(before, _)| *before == first) {
            counting.pop();
        }
        counting.push((first, String::from_utf8_lossy(line).into_owned()));
    }
    counting.into_iter().map(|(_, text)| text).collect()
}

/// Writes the file anew without those that count no more.
pub(super) fn compact(dir: &Path) -> Result<()> {
    let text: String = read(dir)?.iter().map(|text| format!("{text}\n")).collect();
    disk::replace(&path(dir), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{counting, whole};

    #[test]
    fn of_the_checkpoints_of_a_span_the_last_counts_and_half_a_one_does_not() {
        let bytes = b"{\"first\":1,\"last\":2}\n{\"first\":1,\"last\":5}\nrubbish\n{\"first\":6}\n{\"fir";
        assert_eq!(counting(&bytes[..whole(bytes)]), ["{\"first\":1,\"last\":5}", "rubbish", "{\"first\":6}"]);
        assert_eq!(whole(b"{\"fir"), 0);
    }
}
