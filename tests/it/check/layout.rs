//! `mandat fmt`: one layout, and nothing but a layout.

use std::fs;

use mandat::{
    analysis::layout::{policies, tables},
    problem::Source,
};

use super::{READ, bundle, run};
use crate::{
    command_line::{code, mandat},
    support::{copy_programme, programme_dir},
    worlds::TempDir,
};

fn policy_text(text: &str) -> String {
    policies::lay_out(&Source::new("policies/a.cedar", text)).unwrap()
}

#[test]
fn the_programme_is_laid_out() {
    let checked = mandat(&["fmt", "--check"], "");
    assert_eq!((code(&checked), String::from_utf8_lossy(&checked.stdout).as_ref()), (0, ""));
}

#[test]
fn a_policy_is_laid_out_and_its_comments_stay_where_they_are() {
    let text = "\
// The story of this file.


// Ada wrote it.

// right above
@id(\"a\") // beside the id
permit(principal is User,action==Action::\"read\",resource is Page)when{
  // inside
  resource.owner==principal&&resource.status==\"published\"&&!resource.archived && resource.owner == resource.owner
}; // behind

// between

@id(\"b\") forbid(principal,action,resource)unless{resource.archived};
// the end";
    let shall = "\
// The story of this file.

// Ada wrote it.

// right above
@id(\"a\") // beside the id
permit (
  principal is User,
  action == Action::\"read\",
  resource is Page
)
when {
  // inside
  resource.owner == principal &&
  resource.status == \"published\" &&
  !resource.archived &&
  resource.owner == resource.owner
}; // behind

// between

@id(\"b\")
forbid (principal, action, resource)
unless { resource.archived };

// the end
";
    assert_eq!(policy_text(text), shall);
    assert_eq!(policy_text(shall), shall, "what is laid out stays");
}

#[test]
fn a_string_over_several_lines_is_not_touched() {
    let text = "@id(\"a\")\npermit (principal, action, resource)\nwhen { context.note == \"\nwhen\n{ x\n\" };\n";
    assert!(policy_text(text).contains("\"\nwhen\n{ x\n\""), "{}", policy_text(text));
}

#[test]
fn a_comment_that_would_be_lost_keeps_the_file_as_it_is() {
    // Whatever Cedar's formatter does with a comment at an odd place: all of them are there, or nothing is written.
    let odd = "@id(\"a\") permit (/**/ principal, action, resource);";
    assert!(policies::lay_out(&Source::new("a", odd)).is_err(), "the control: what does not parse is refused");
    for place in 0..READ.len() {
        if READ.is_char_boundary(place) && READ[place..].starts_with([' ', '\n']) {
            let text = format!("{}\n// odd\n{}", &READ[..place], &READ[place..]);
            if let Ok(laid_out) = policies::lay_out(&Source::new("a", &*text)) {
                assert_eq!(laid_out.matches("// odd").count(), 1, "{text}");
            }
        }
    }
}

#[test]
fn a_tariff_keeps_its_lines_comments_and_columns() {
    let text = "\
a = 1 # one
long   = \"x # no comment\"   # two


# the rows
[rows]
list=[
{id=\"A\",  by = \"x\",  n = 1},
  { id = \"AB\", by = [ \"x\",\"y\" ], n = 1 },
    # alone
  { id = \"C\",   n = {} },
  1,2,
]
";
    let shall = "\
a    = 1                  # one
long = \"x # no comment\"   # two

# the rows
[rows]
list = [
  { id = \"A\",  by = \"x\",        n = 1 },
  { id = \"AB\", by = [\"x\", \"y\"], n = 1 },
  # alone
  { id = \"C\",   n = {} },
  1, 2,
]
";
    assert_eq!(
        tables::lay_out(text).unwrap(),
        shall.replace("\"   # two", "\" # two").replace("1                  #", "1                #")
    );
    let aligned = "a     = 1   # one\nlonger = 2\n";
    assert_eq!(tables::lay_out(aligned).unwrap(), "a      = 1   # one\nlonger = 2\n");
    let wide = "a       = 1\nlonger  = 2\n";
    assert_eq!(tables::lay_out(wide).unwrap(), wide, "what stands below each other stays");
    assert!(tables::lay_out("a = [").is_err());
}

#[test]
fn tariffs_in_force_keep_their_digest() {
    for name in ["partner.v1.toml", "partner.v2.toml", "vat.toml"] {
        let text = fs::read_to_string(programme_dir().join("tariffs").join(name)).unwrap();
        assert_eq!(tables::lay_out(&text).unwrap(), text, "{name}");
    }
}

#[test]
fn fmt_writes_what_check_lists_and_nothing_else() {
    let dir = bundle("policies/more.cedar", "@id(\"more\")\n@title(\"No\")\nforbid(principal,action,resource);\n");
    let listed = run(&["fmt", "--check"], dir.path());
    assert_eq!((code(&listed), &*listed.stdout), (1, &b"policies/more.cedar:3\n"[..]));
    let written = run(&["fmt"], dir.path());
    assert_eq!((code(&written), &*written.stdout), (0, &b"policies/more.cedar\n"[..]));
    assert_eq!(fs::read_to_string(dir.path().join("policies/pages.cedar")).unwrap(), READ);
    assert_eq!(code(&run(&["fmt", "--check"], dir.path())), 0);
    let names: Vec<_> =
        fs::read_dir(dir.path().join("policies")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "nothing is left beside the files: {names:?}");
}

#[test]
fn what_does_not_parse_is_left_as_it_is_and_told() {
    let broken = "@id(\"more\") permit (principal, action resource);\n";
    let dir = bundle("policies/more.cedar", broken);
    let output = run(&["fmt"], dir.path());
    assert_eq!(code(&output), 3);
    assert!(String::from_utf8_lossy(&output.stderr).contains("`policies/more.cedar` is left as it is"));
    assert_eq!(fs::read_to_string(dir.path().join("policies/more.cedar")).unwrap(), broken);
}

#[cfg(unix)]
#[test]
fn a_file_behind_a_link_is_not_written() {
    let dir = bundle("outside", "@id(\"more\") forbid(principal,action,resource);\n");
    std::os::unix::fs::symlink(dir.path().join("outside"), dir.path().join("policies/more.cedar")).unwrap();
    let output = run(&["fmt"], dir.path());
    assert_eq!(code(&output), 3);
    assert!(fs::read_to_string(dir.path().join("outside")).unwrap().contains("forbid(principal"));
}

#[test]
fn the_programme_means_the_same_after_its_layout_was_lost() {
    let dir = TempDir::new();
    copy_programme(dir.path());
    let path = dir.path().join("policies/invoices.cedar");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replace("\nwhen ", "\n  when  ").replace(" ||\n", "||\n").replace("  resource is", " resource is"),
    )
    .unwrap();
    assert_eq!(code(&run(&["fmt", "--check"], dir.path())), 1, "the control");
    assert_eq!(code(&run(&["fmt"], dir.path())), 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}
