//! Policies in Cedar's layout, with the comments between them where they were.
//!
//! Cedar's formatter takes a whole file and pulls everything together: the story at the top of a file becomes a remark
//! on its first policy. So each policy is laid out by itself, comments inside it included, and what stands between two
//! policies is kept: comments line by line, blank lines between them as one. Its `when` and `{` on two lines are put on
//! one.

use cedar_policy_core::parser::text_to_cst::parse_policies;
use cedar_policy_formatter::{Config, policies_str_to_pretty};

use crate::{
    bundle::nesting,
    problem::{Source, describe},
};

/// Longest line, as in the sources of mandat.
const LINE_WIDTH: usize = 120;
const INDENT: isize = 2;

/// A policy file as it should be written.
///
/// # Errors
/// The text does not parse, or would not read back as the same policies with the same comments.
pub fn lay_out(source: &Source) -> Result<String, String> {
    nesting::check(source).map_err(|problem| problem.message().to_owned())?;
    let text = &*source.text;
    let mut out = String::new();
    let mut end = 0;
    for (start, next_end) in places(text)? {
        between(&mut out, text.get(end..start).unwrap_or_default(), end > 0);
        out.push_str(policy(text.get(start..next_end).unwrap_or_default())?.trim_end());
        end = next_end;
    }
    between(&mut out, text.get(end..).unwrap_or_default(), end > 0);
    let out = format!("{}\n", out.trim_end());
    if comments(&out) != comments(text) {
        return Err("a comment would be lost or moved; put it on a line of its own before the policy".to_owned());
    }
    Ok(out)
}

/// Where each policy starts and ends, annotations and semicolon included.
fn places(text: &str) -> Result<Vec<(usize, usize)>, String> {
    let parsed = parse_policies(text).map_err(|errors| describe(&errors))?;
    let policies = parsed.as_inner().map(|policies| &policies.0).ok_or("it does not parse")?;
    let places = policies.iter().map(|policy| policy.loc.as_ref().map(|place| (place.start(), place.end())));
    places.collect::<Option<_>>().ok_or_else(|| "it does not parse".to_owned())
}

/// One policy. That its text still says the same is checked by Cedar's formatter; that joining lines changed nothing, by
/// formatting once more.
fn policy(text: &str) -> Result<String, String> {
    let once = pretty(text)?;
    let joined = once.replace("\nwhen\n{", "\nwhen {").replace("\nunless\n{", "\nunless {");
    if pretty(&joined)? == once { Ok(joined) } else { Ok(once) }
}

fn pretty(text: &str) -> Result<String, String> {
    let config = Config { line_width: LINE_WIDTH, indent_width: INDENT };
    policies_str_to_pretty(text, &config).map_err(|report| report.to_string())
}

/// What stands between two policies, or before the first or after the last: comments and blank lines.
fn between(out: &mut String, gap: &str, after_policy: bool) {
    let mut lines = gap.lines().map(str::trim);
    if after_policy && let Some(behind) = lines.next().filter(|line| !line.is_empty()) {
        out.push(' ');
        out.push_str(behind);
    }
    if after_policy {
        out.push_str("\n\n");
    }
    let mut blank = false;
    for line in lines {
        if line.is_empty() {
            blank = true;
            continue;
        }
        if blank && !out.is_empty() && !out.ends_with("\n\n") {
            out.push('\n');
        }
        blank = false;
        out.push_str(line);
        out.push('\n');
    }
    // A comment right above a policy stays there; the last line of a gap is what stands before the policy on its line.
    let detached = gap.trim_end_matches([' ', '\t']).rsplit('\n').nth(1).is_some_and(|line| line.trim().is_empty());
    if detached && !out.is_empty() && !out.ends_with("\n\n") {
        out.push('\n');
    }
}

/// Every comment, in the order of the text.
fn comments(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let length = nesting::token_length(rest);
        if rest.starts_with("//") {
            found.push(rest[..length].trim_end());
        }
        at += length;
    }
    found
}
