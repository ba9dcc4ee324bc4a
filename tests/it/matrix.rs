//! The access matrix: what a cell says, what stands behind it, and that spreadsheets take it for what it is.

use std::{collections::BTreeMap, path::Path, sync::OnceLock};

use mandat::{
    analysis::matrix::{Answer, Matrix, Plan, Wanted, csv},
    bundle::{Bundle, tree::Directory},
    problem::Source,
};
use serde_json::Value;

use crate::{
    command_line::{code, mandat},
    http::todo_dir,
    support::{programme, programme_dir},
};

fn plan_of(dir: &Path) -> Plan {
    Plan::of(&Directory::new(dir)).unwrap().unwrap()
}

fn asked(open: &[&str]) -> Matrix {
    let wanted = Wanted { open: open.iter().map(ToString::to_string).collect(), ..Wanted::default() };
    let tree = Directory::new(programme_dir());
    Matrix::ask(&programme(), &tree, &plan_of(&programme_dir()), &wanted).unwrap()
}

fn plain() -> &'static Matrix {
    static MATRIX: OnceLock<Matrix> = OnceLock::new();
    MATRIX.get_or_init(|| asked(&[]))
}

fn printed(arguments: &[&str]) -> String {
    let output = mandat(arguments, "");
    assert_eq!(code(&output), 0, "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_cell_that_the_context_decides_names_the_clauses_that_remain() {
    let text = printed(&[
        "matrix",
        "--cells",
        "--action",
        "endPartnership",
        "--role",
        "u-ada",
        "--situation",
        "the client pays",
    ]);
    let row = text.lines().position(|line| line.starts_with("conditional     endPartnership, not confirmed")).unwrap();
    let behind = text.lines().nth(row + 1).unwrap();
    assert!(behind.starts_with("    permit partnerships.end.as-partner if context has confirmed"), "{behind}");
    assert!(behind.contains("context.confirmed (policies/partnerships.cedar:"), "{behind}");
    assert!(text.contains("allow           endPartnership as Partner alpenhost, legal repr."), "{text}");
}

/// What a context allows must not look impossible once that context is left open.
#[test]
fn a_cell_that_some_context_allows_is_never_none_when_that_context_is_left_open() {
    let open = asked(&["confirmed", "passwordVerified"]);
    let pairs = || plain().cells().zip(open.cells()).filter(|(stated, _)| stated.answer == Answer::Allow);
    let wrong: Vec<_> = pairs()
        .filter(|(_, open)| !matches!(open.answer, Answer::Allow | Answer::Conditional))
        .map(|(_, open)| format!("{} {:?}", open.query.request.principal, open.query.request.action))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    // The control: the decision alone, without looking at what is open, would call these impossible.
    let missed = pairs().filter(|(_, open)| !open.decision.allowed()).count();
    assert!(missed > 20, "{missed} cells depend on what was left open");
}

/// The facts decide against these, whatever is said in the context.
#[test]
fn a_cell_that_the_facts_rule_out_stays_ruled_out_when_everything_is_left_open() {
    let open = asked(&["confirmed", "passwordVerified"]);
    let collaborators =
        open.placed().filter(|placed| placed.row.action == "endPartnership" && placed.role == "collab. client");
    let answers: Vec<Answer> = collaborators.map(|placed| placed.cell.answer).collect();
    assert!(!answers.is_empty());
    assert!(answers.iter().all(|answer| matches!(answer, Answer::None | Answer::Forbid)), "{answers:?}");
}

#[test]
fn text_csv_and_json_say_the_same() {
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    for cell in plain().cells() {
        *told.entry(cell.answer.word()).or_default() += 1;
    }
    let json: Value = serde_json::from_str(&printed(&["matrix", "--json"])).unwrap();
    let cells = json["cells"].as_array().unwrap();
    let wide = printed(&["matrix", "--csv"]);
    let long = printed(&["matrix", "--csv", "--cells"]);
    for (word, count) in told {
        assert_eq!(cells.iter().filter(|cell| cell["answer"] == word).count(), count, "{word} in JSON");
        assert_eq!(fields(&wide).iter().flatten().filter(|field| *field == word).count(), count, "{word} in CSV");
        assert_eq!(fields(&long).iter().filter(|row| row[8] == word).count(), count, "{word} cell by cell");
    }
}

/// As a spreadsheet reads it: the byte order mark first, then records of equal length.
fn fields(text: &str) -> Vec<Vec<String>> {
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark, or Excel takes it for another encoding");
    assert!(!text.replace("\r\n", "").contains('\r'), "records end as RFC 4180 says");
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn a_name_that_a_spreadsheet_would_compute_stays_text() {
    let dir = todo_dir();
    let evil = "=HYPERLINK(\"http://evil.example\",\"In use\")";
    let text = std::fs::read_to_string(dir.join("tests/matrix.toml")).unwrap();
    let plan = Plan::parse(&Source::new("m", text.replace("\"In use\"", &format!("'{evil}'")))).unwrap();
    let bundle = Bundle::load(&dir).unwrap();
    let matrix = Matrix::ask(&bundle, &Directory::new(&dir), &plan, &Wanted::default()).unwrap();
    assert_eq!(matrix.blocks[0].name, evil, "the control: the matrix has the name as it is");
    for sheet in [csv::wide(&matrix).unwrap(), csv::cells(&bundle, &matrix).unwrap()] {
        assert_eq!(fields(&sheet)[1][0], format!("'{evil}"));
    }
}

#[test]
fn another_bundle_has_its_own_matrix() {
    let dir = todo_dir();
    let text = printed(&["matrix", dir.to_str().unwrap()]);
    assert!(text.starts_with("Who may do what with a list"), "{text}");
    let row = |name: &str| text.lines().find(|line| line.trim_start().starts_with(name)).unwrap().to_owned();
    let cells = |name: &str| {
        row(name).split('|').nth(1).unwrap().split_whitespace().take(3).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(cells("readList"), ["yes", "yes", "yes"]);
    assert_eq!(cells("renameList"), ["yes", "–", "–"]);
    assert_eq!(cells("shareList"), ["yes*", "–", "–"]);
    assert!(text.lines().any(|line| line.trim_start().starts_with("renameList") && line.ends_with("no")), "{text}");
}

#[test]
fn what_cannot_be_asked_is_3_and_says_why() {
    let bundles = programme_dir().join("tests/bundles/todo/policies");
    for (arguments, told) in [
        (&["matrix", "--action", "endPartnershp"][..], "did you mean `endPartnership`?"),
        (&["matrix", "--open", "confirmd"], "did you mean `confirmed`?"),
        (&["matrix", "--role", "nobody of that name"], "no cell"),
        (&["matrix", bundles.to_str().unwrap()], "no schema"),
    ] {
        let output = mandat(arguments, "");
        assert_eq!(code(&output), 3, "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(told), "{arguments:?}");
    }
}
