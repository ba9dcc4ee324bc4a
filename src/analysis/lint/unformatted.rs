//! W305: text that `mandat fmt` would change.

use super::Finding;
use crate::{analysis::layout, bundle::files::Files, problem::Problem};

/// The first line that differs in each file. A file that cannot be laid out is left as it is.
pub(super) fn look(files: &Files, findings: &mut Vec<Finding>) {
    for change in layout::changes(files).0 {
        let problem = Problem::at(&change.source, change.span(), "the file is not laid out as `mandat fmt` does")
            .code("W305")
            .help("run `mandat fmt`; this is the first line that it would change");
        findings.push(Finding { policy: None, problem });
    }
}
