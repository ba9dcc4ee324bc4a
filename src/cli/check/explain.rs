//! `mandat check --explain [CODE]`: what a code means.

use crate::{
    analysis::codes,
    cli::{Exit, output},
    pricing::words::nearest,
    problem::Problem,
};

/// Prints one code's text, or the list of all.
pub(super) fn run(code: &str) -> Exit {
    if code.eq_ignore_ascii_case("all") {
        print!("{}", codes::list());
        return Exit::Success;
    }
    match codes::find(code) {
        Some(meaning) => {
            print!("{}", codes::text(meaning));
            Exit::Success
        }
        None => {
            let near = nearest(&code.to_uppercase(), codes::all().map(|meaning| meaning.code));
            let help = near.map_or_else(String::new, |near| format!("did you mean {near}? "));
            let problem = Problem::new(format!("there is no code `{}`", code.escape_debug()))
                .help(format!("{help}`mandat check --explain` lists all"));
            output::problems(&problem.into(), false);
            Exit::Invalid
        }
    }
}
