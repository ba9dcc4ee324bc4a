//! Recorded questions, asked again under other bundles.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use mandat::{
    analysis::{
        asking,
        replay::{Change, Files, Ground, Identify, Tally, Wish, replay},
    },
    bundle::Bundle,
    request::{Party, Request},
};
use serde_json::{Value, json};

use super::log::{Line, Log, evaluation, of_scenarios, record, sample};
use crate::{
    reload::{edit, load},
    support::{copy_programme, programme},
    worlds::{self, TempDir},
};

const NOON: &str = "2026-10-01T12:00:00Z";

/// The programme with a change, without its tests.
pub(super) fn changed(file: &str, from: &str, to: &str) -> TempDir {
    let dir = TempDir::new();
    copy_programme(dir.path());
    edit(&dir, file, from, to);
    dir
}

/// Whoever leads the partner enters an account, whether or not the partnership is active.
pub(super) fn widened() -> TempDir {
    let lead = "resource.partner.administrators.contains(principal)) &&\n  resource.status == \"active\"\n};\n\n@id(\"partnerships.enter-account.coll";
    changed("policies/partnerships.cedar", lead, &lead.replace("resource.status == \"active\"", "resource has status"))
}

/// All cases of all changes, so that their ids are known.
fn replayed<'b>(log: &Path, bundle: &'b Bundle, ground: Ground, identify: &'b Identify<'b>) -> Tally<'b> {
    // What is borrowed by the tally is the bundle's.
    let wish = Box::leak(Box::new(Wish { bundle, ground, samples: 100_000, threads: 2, identify }));
    replay(&mut Files::open(log).unwrap(), wish).unwrap_or_else(|problem| panic!("{problem}"))
}

fn as_in_the_file(log: &Log, bundle: &Bundle) -> Tally<'static> {
    let bundle: &'static Bundle = Box::leak(Box::new(load_again(bundle)));
    replayed(&log.file(), bundle, Ground::FileWere(sample(bundle)), &|_| None)
}

fn load_again(bundle: &Bundle) -> Bundle {
    Bundle::from_files(bundle.files.clone()).unwrap()
}

fn ids(tally: &Tally, change: Change) -> BTreeSet<String> {
    tally.samples(change).iter().map(|sample| sample.id.clone()).collect()
}

/// How a candidate answers each recorded question when it is asked directly.
fn asked_directly(lines: &[Line], candidate: &Bundle) -> BTreeMap<String, Vec<String>> {
    let facts = sample(candidate);
    let mut changes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in lines {
        let wire = mandat::http::wire::evaluation(line.0["question"].clone()).unwrap();
        let request = mandat::http::wire::request(wire).unwrap();
        let at = line.0["at"].as_str().unwrap().parse().unwrap();
        let after = asking::answer(candidate, &*facts, &request, at).unwrap().decision;
        let before = line.0["decision"].as_bool().unwrap();
        let policies: Vec<String> = after.determining.iter().map(ToString::to_string).collect();
        let policies_before = line.0.get("policies").cloned().unwrap_or_else(|| json!([]));
        let what = match (before, after.allowed()) {
            (false, true) => "allowed",
            (true, false) => "denied",
            _ if json!(policies) != policies_before || line.0["code"] != after.code.name() => "reasons",
            _ => continue,
        };
        changes.entry(what.to_owned()).or_default().push(line.id().to_owned());
    }
    changes
}

#[test]
fn under_the_same_bundle_every_decision_comes_out_the_same() {
    let bundle = programme();
    let lines = of_scenarios(&bundle);
    let tally = as_in_the_file(&Log::of(&lines), &bundle);
    assert_eq!((tally.records, tally.all.replayed), (lines.len() as u64, lines.len() as u64));
    assert_eq!((tally.all.changed(), tally.errors, tally.left_out.len()), (0, 0, 0));
    let altered: Vec<Line> = lines
        .iter()
        .map(|line| line.clone().with("decision", (!line.0["decision"].as_bool().unwrap()).into()))
        .collect();
    let tally = as_in_the_file(&Log::of(&altered), &bundle);
    assert_eq!(tally.all.changed(), lines.len() as u64, "the control: every decision is compared");
}

#[test]
fn under_a_changed_bundle_exactly_what_it_answers_otherwise_is_told() {
    let lines = of_scenarios(&programme());
    let log = Log::of(&lines);
    let narrowed = changed(
        "policies/partnerships.cedar",
        "@id(\"partnerships.enter-account.collaborator\")",
        "@id(\"partnerships.enter-account.by-collaborators\")",
    );
    let forbidding = changed(
        "policies/partnerships.cedar",
        "@id(\"partnerships.enter-account.lead\")",
        "@id(\"partnerships.nobody-enters\")\nforbid (principal, action == Action::\"enterClientAccount\", resource);\n\n\
         @id(\"partnerships.enter-account.lead\")",
    );
    for (dir, kinds) in
        [(widened(), vec!["allowed"]), (narrowed, vec!["reasons"]), (forbidding, vec!["denied", "reasons"])]
    {
        let candidate = lenient(&dir);
        let directly = asked_directly(&lines, &candidate);
        assert_eq!(directly.keys().map(String::as_str).collect::<Vec<_>>(), kinds, "the control: something changes");
        let tally = as_in_the_file(&log, &candidate);
        for (what, change) in
            [("allowed", Change::NewlyAllowed), ("denied", Change::NewlyDenied), ("reasons", Change::OtherReasons)]
        {
            let expected: BTreeSet<String> = directly.get(what).into_iter().flatten().cloned().collect();
            assert_eq!(ids(&tally, change), expected, "{what}");
            assert_eq!(tally.all.of(change), expected.len() as u64);
        }
        let (action, counts) = tally.actions()[0];
        assert_eq!((action, counts.changed()), ("enterClientAccount", tally.all.changed()), "and by action");
    }
}

/// A bundle of which the register need not know every policy.
fn lenient(dir: &TempDir) -> Bundle {
    let rules = std::fs::read_to_string(dir.path().join("policies/rules.toml")).unwrap();
    let unsourced = "[unsourced]\n\"partnerships.nobody-enters\" = \"a test\"";
    dir.write("policies/rules.toml", &rules.replace("enter-account.collaborator", "enter-account.by-collaborators"));
    match Bundle::load(dir.path()) {
        Ok(bundle) => bundle,
        Err(_) => {
            dir.write("policies/rules.toml", &rules.replacen("[unsourced]", unsourced, 1));
            load(dir.path())
        }
    }
}

#[test]
fn a_case_is_told_with_both_answers_and_the_explanation_of_the_new_one() {
    let lines = of_scenarios(&programme());
    let candidate = load(widened().path());
    let tally = as_in_the_file(&Log::of(&lines), &candidate);
    let first = &tally.samples(Change::NewlyAllowed)[0];
    assert_eq!((first.before.allowed, &*first.before.code), (false, "not_permitted"));
    let after = first.after.as_ref().unwrap();
    assert_eq!((after.allowed, &*after.policies), (true, &["partnerships.enter-account.lead".to_owned()][..]));
    let explanation = first.explanation.as_ref().unwrap();
    assert!(explanation.reason_admin.contains("partnerships.enter-account.lead"), "{explanation:?}");
    let policy = &tally.policies["partnerships.enter-account.lead"];
    assert_eq!(policy.of(Change::NewlyAllowed), tally.all.of(Change::NewlyAllowed));
}

/// A pseudonym as the log has it.
fn pseudonym(id: &str) -> String {
    let sum = mandat::bundle::files::sum([&mandat::problem::Source::new("id", id)]);
    sum.iter().take(16).fold("~".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// The question's subject and resource are pseudonyms.
fn masked(line: &Line, kept: &mut BTreeMap<String, (String, String)>) -> Line {
    let mut masked = line.clone();
    for part in ["subject", "resource"] {
        let party = &mut masked.0["question"][part];
        let (entity_type, id) = (party["type"].as_str().unwrap().to_owned(), party["id"].as_str().unwrap().to_owned());
        party["id"] = pseudonym(&id).into();
        kept.insert(pseudonym(&id), (entity_type, id));
    }
    masked.with("masked", json!(["subject.id", "resource.id"]))
}

#[test]
fn what_is_masked_is_left_out_unless_it_can_be_turned_back() {
    let lines = of_scenarios(&programme());
    let bundle: &'static Bundle = Box::leak(Box::new(load_again(&programme())));
    let mut kept = BTreeMap::new();
    let every_third =
        |(index, line): (usize, &Line)| if index % 3 == 0 { masked(line, &mut kept) } else { line.clone() };
    let log: Vec<Line> = lines.iter().enumerate().map(every_third).collect();
    let hidden = lines.len().div_ceil(3) as u64;
    let ground = || Ground::FileWere(sample(bundle));
    let tally = replayed(&Log::of(&log).file(), bundle, ground(), &|_| None);
    assert_eq!((tally.all.replayed, tally.all.changed()), (lines.len() as u64 - hidden, 0));
    assert_eq!(tally.left_out, BTreeMap::from([("`resource.id` is masked".to_owned(), hidden)]));
    let unmarked: Vec<Line> = log.iter().cloned().map(|line| line.with("masked", json!([]))).collect();
    let tally = replayed(&Log::of(&unmarked).file(), bundle, ground(), &|_| None);
    assert!(tally.all.of(Change::NewlyDenied) > 100, "the control: nobody is known by a pseudonym");
    // Two entities of different types may have one id: then one of the two is not turned back, and left out.
    let identify = |pseudonym: &str| kept.get(pseudonym).cloned();
    let tally = replayed(&Log::of(&log).file(), bundle, ground(), &identify);
    assert_eq!(tally.all.changed(), 0);
    assert!(tally.all.replayed > lines.len() as u64 - 50, "{:?}", tally.left_out);
}

#[test]
fn what_was_dropped_matters_where_a_policy_could_look_at_it() {
    let (bundle, facts) = (programme(), sample(&programme()));
    let context = json!({ "client": {"type": "Organization", "id": "gallery"}, "access": "limited" });
    let adds = worlds::asks("User::\"u-ada\"", "addClient", "Organization::\"alpenhost\"", context);
    let line = Line::decided(1, &bundle, &*facts, NOON, &adds).unwrap();
    assert_eq!(line.0["decision"], true);
    let left_out = |name: &str, path: &str, without: Option<&str>| {
        let mut line = line.clone().with(name, json!([path]));
        if let Some(entry) = without {
            line.0["question"]["context"].as_object_mut().unwrap().remove(entry);
        }
        let tally = as_in_the_file(&Log::of(&[line]), &bundle);
        assert_eq!((tally.all.changed(), tally.all.replayed + tally.left_out.values().sum::<u64>()), (0, 1), "{path}");
        tally.all.replayed == 0
    };
    assert!(left_out("dropped", "context.access", Some("access")));
    assert!(left_out("dropped", "context", None));
    assert!(left_out("dropped", "subject.properties.name", None) == declares(&bundle, "User", "name"));
    assert!(left_out("dropped", "resource.properties.country", None), "an attribute of organizations");
    assert!(left_out("dropped", "resource.properties", None));
    assert!(left_out("masked", "context.client.id", None));
    assert!(
        left_out("masked", "subject", None) && left_out("dropped", "something.else", None),
        "what is not understood"
    );
    for harmless in
        ["context.name", "question.context.comment", "resource.properties.comment", "caller", "action.properties.x"]
    {
        assert!(!left_out("dropped", harmless, None), "{harmless}: no policy can look at that");
    }
    let mut gone = line.clone().with("masked", json!([]));
    gone.0["question"]["context"].as_object_mut().unwrap().remove("client");
    let tally = as_in_the_file(&Log::of(&[gone]), &bundle);
    assert_eq!((tally.all.of(Change::Unasked), tally.allowed_unasked), (1, 1), "the control: not marked, it is asked");
}

fn declares(bundle: &Bundle, entity_type: &str, attribute: &str) -> bool {
    bundle.shapes.entity_types[entity_type].attributes.contains_key(attribute)
}

#[test]
fn a_masked_entity_in_the_context_is_turned_back_with_its_type() {
    let (bundle, facts) = (programme(), sample(&programme()));
    let context = json!({ "client": {"type": "Organization", "id": "gallery"}, "access": "limited" });
    let adds = worlds::asks("User::\"u-ada\"", "addClient", "Organization::\"alpenhost\"", context);
    let mut line =
        Line::decided(1, &bundle, &*facts, NOON, &adds).unwrap().with("masked", json!(["context.client.id"]));
    line.0["question"]["context"]["client"]["id"] = pseudonym("gallery").into();
    let log = Log::of(&[line.clone(), line.with("masked", json!(["context.client", "context.client"]))]);
    let bundle: &'static Bundle = Box::leak(Box::new(load_again(&bundle)));
    for (of_type, turned_back) in [("Organization", 2), ("User", 0)] {
        let identify = move |_: &str| Some((of_type.to_owned(), "gallery".to_owned()));
        let tally = replayed(&log.file(), bundle, Ground::FileWere(sample(bundle)), Box::leak(Box::new(identify)));
        assert_eq!((tally.all.replayed, tally.all.changed()), (turned_back, 0), "{of_type}");
    }
}

#[test]
fn a_transactions_decisions_are_replayed_and_other_kinds_and_errors_are_counted() {
    let (bundle, facts) = (programme(), sample(&programme()));
    let enters = |who: &str, where_: &str| {
        worlds::asks(
            &format!("User::\"{who}\""),
            "enterClientAccount",
            &format!("Partnership::\"{where_}\""),
            json!({}),
        )
    };
    let answered = |request: &Request| {
        let decision = asking::answer(&bundle, &*facts, request, NOON.parse().unwrap()).unwrap().decision;
        Value::from(evaluation(request, &decision))
    };
    let mut transaction = record(1, NOON, "transaction", 0);
    let evaluations = [answered(&enters("u-bob", "bakery:alpenhost")), answered(&enters("u-bob", "florist:alpenhost"))];
    transaction.insert("evaluations".to_owned(), json!(evaluations));
    // A revision that the file does not have, made by the transaction: it was decided on the one before.
    let made = [Line(transaction.clone().into()).with("committed", json!(1)).with("revision", json!(1))];
    let hidden = Line(transaction.clone().into()).with("masked", json!(["evaluations[1].question.subject.id"]));
    let unclear = Line(transaction.clone().into()).with("masked", json!(["subject.id"]));
    let failed = Line::decided(4, &bundle, &*facts, NOON, &enters("u-bob", "bakery:alpenhost")).unwrap();
    let mut failed = failed.with("error", json!({ "status": 503, "message": "the facts cannot be read" }));
    failed.0.as_object_mut().unwrap().remove("decision");
    let mut gone = Line(record(5, NOON, "decision", 0).into()).with("decision", true.into());
    gone.0["code"] = "permitted".into();
    let other = ["reload", "search", "quote", "reload"].map(|kind| Line(record(6, NOON, kind, 0).into()));
    let historical = Line::decided(7, &bundle, &*facts, NOON, &enters("u-bob", "bakery:alpenhost")).unwrap();
    let historical = historical.with("as_of", NOON.into());
    let first = vec![Line(transaction.into()), hidden, unclear, failed, gone, historical];
    let lines = [first, other.to_vec(), made.to_vec()].concat();
    let candidate = load(widened().path());
    let tally = as_in_the_file(&Log::of(&lines), &candidate);
    assert_eq!((tally.records, tally.all.replayed, tally.errors), (11, 5, 1));
    assert_eq!(tally.all.of(Change::NewlyAllowed), 2, "the second of the first and of the last");
    let left_out = [("`subject.id` is masked".to_owned(), 3), ("the question is gone".to_owned(), 1)];
    assert_eq!(tally.left_out, BTreeMap::from(left_out));
    let kinds =
        [("historical", 1), ("quote", 1), ("reload", 2), ("search", 1)].map(|(kind, number)| (kind.to_owned(), number));
    assert_eq!(tally.other_kinds, BTreeMap::from(kinds));
}

#[test]
fn a_question_that_the_candidate_has_no_words_for_is_told_as_such() {
    let (bundle, facts) = (programme(), sample(&programme()));
    let request = |action: &str, party: Party| Request {
        principal: party,
        action: action.to_owned(),
        action_properties: serde_json::Map::new(),
        resource: Party::new("Partnership", "bakery:alpenhost"),
        context: serde_json::Map::new(),
    };
    let known = request("enterClientAccount", Party::new("User", "u-bob"));
    let mut line = Line::decided(1, &bundle, &*facts, NOON, &known).unwrap();
    assert_eq!(line.0["decision"], true);
    line.0["question"]["action"]["name"] = "enterAccountOfClient".into();
    let tally = as_in_the_file(&Log::of(&[line]), &bundle);
    assert_eq!((tally.all.of(Change::Unasked), tally.allowed_unasked, tally.all.of(Change::NewlyDenied)), (1, 1, 0));
    let why = tally.samples(Change::Unasked)[0].after.as_ref().unwrap_err();
    assert!(why.contains("action.name: no action of the schema"), "{why}");
}

#[test]
fn pieces_of_several_files_are_each_replayed_once_and_a_broken_line_is_named() {
    let bundle: &'static Bundle = Box::leak(Box::new(load_again(&programme())));
    let lines = of_scenarios(bundle);
    let many: Vec<Line> = std::iter::repeat_n(&lines, 6).flatten().cloned().collect();
    let log = Log::of(&many);
    log.add("second.jsonl", &lines);
    log.write("notes.txt", "no records");
    assert!(std::fs::metadata(log.file()).unwrap().len() > 2 << 20, "more than a piece");
    let ground = || Ground::FileWere(sample(bundle));
    let tally = replayed(log.dir(), bundle, ground(), &|_| None);
    assert_eq!((tally.all.replayed, tally.all.changed()), (7 * lines.len() as u64, 0));
    let text = std::fs::read_to_string(log.file()).unwrap();
    let broken = |text: &str| {
        log.write("log.jsonl", text);
        let wish = Wish { bundle, ground: ground(), samples: 1, threads: 2, identify: &|_| None };
        replay(&mut Files::open(&log.file()).unwrap(), &wish)
            .map(|tally| tally.all.replayed)
            .map_err(|told| told.to_string())
    };
    assert_eq!(broken(text.trim_end()), Ok(many.len() as u64), "the control: the last end of a line may be missing");
    assert!(broken(&text[..text.len() - 10]).unwrap_err().contains(&format!(":{}: no record", many.len())));
    let at = text.lines().take(2_000).map(|line| line.len() + 1).sum::<usize>();
    let error = broken(&format!("{}not a record\n{}", &text[..at], &text[at..])).unwrap_err();
    assert!(error.contains("log.jsonl:2001: no record"), "{error}");
}

#[test]
fn a_list_of_persons_is_turned_back_whole_or_the_record_is_left_out() {
    let (bundle, facts) = (programme(), sample(&programme()));
    let accepts = |products: Value| {
        let context = json!({ "access": "limited", "products": products });
        worlds::asks("User::\"u-rita\"", "acceptRequest", "Partnership::\"florist:pixelwerk\"", context)
    };
    let product = |id: &str| json!({ "type": "Product", "id": id });
    let known = Line::decided(1, &bundle, &*facts, NOON, &accepts(json!([product("a"), product("b")]))).unwrap();
    let paths = json!(["context.products", "context.products"]);
    let mut line = known.with("masked", paths);
    line.0["question"]["context"]["products"] = json!([product(&pseudonym("a")), product(&pseudonym("b"))]);
    let log = Log::of(&[line]);
    let bundle: &'static Bundle = Box::leak(Box::new(load_again(&bundle)));
    for (known, turned_back) in [(["a", "b"], 1), (["a", "c"], 0)] {
        let identify = move |text: &str| {
            let id = known.into_iter().find(|id| pseudonym(id) == text)?;
            Some(("Product".to_owned(), id.to_owned()))
        };
        let tally = replayed(&log.file(), bundle, Ground::FileWere(sample(bundle)), Box::leak(Box::new(identify)));
        assert_eq!((tally.all.replayed, tally.all.changed()), (turned_back, 0), "{known:?}");
    }
}

/// The facts of an earlier snapshot are of that revision alone.
#[test]
fn a_record_of_another_state_than_the_files_is_left_out() {
    let (bundle, facts) = (programme(), sample(&programme()));
    let enters = worlds::asks("User::\"u-bob\"", "enterClientAccount", "Partnership::\"bakery:alpenhost\"", json!({}));
    let line = Line::decided(1, &bundle, &*facts, NOON, &enters).unwrap();
    assert_eq!(facts.revision(), 0);
    let tally = as_in_the_file(&Log::of(&[line.clone().with("revision", json!(7)), line]), &bundle);
    assert_eq!(tally.left_out, BTreeMap::from([("its revision of the facts is not there".to_owned(), 1)]));
    assert_eq!(tally.all.replayed, 1);
}
