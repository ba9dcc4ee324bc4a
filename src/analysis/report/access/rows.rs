//! Access as data: a row for each right.

use super::Access;

const HEADS: [&str; 12] = [
    "resource",
    "belongs by",
    "action",
    "principal",
    "policies",
    "titles",
    "rules",
    "places",
    "obligations",
    "rests on",
    "since revision",
    "since",
];

/// All rows.
pub(super) fn of(access: &Access) -> Vec<Vec<String>> {
    let mut rows = vec![HEADS.map(str::to_owned).to_vec()];
    for resource in &access.resources {
        for action in &resource.actions {
            for holder in &action.holders {
                let because = &holder.because;
                let listed = |texts: Vec<String>| texts.join("; ");
                let since = holder.since();
                let facts = holder.rests_on.iter().map(|fact| match &fact.since {
                    Some(since) => format!("{} (revision {})", fact.party, since.revision),
                    None => fact.party.to_string(),
                });
                rows.push(vec![
                    resource.party.to_string(),
                    resource.by.clone(),
                    action.name.clone(),
                    holder.principal.to_string(),
                    listed(because.iter().map(|because| because.policy.clone()).collect()),
                    listed(because.iter().map(|because| because.title.clone()).collect()),
                    listed(because.iter().map(|because| because.rules.join(", ")).collect()),
                    listed(because.iter().map(|because| because.at.clone()).collect()),
                    holder.obligations.join(", "),
                    listed(facts.collect()),
                    since.map_or_else(String::new, |since| since.revision.to_string()),
                    since.map_or_else(String::new, |since| since.at.clone()),
                ]);
            }
        }
        let mut unanswered = |action: &str, said: String| {
            let mut row = vec![resource.party.to_string(), resource.by.clone(), action.to_owned(), said];
            row.resize(HEADS.len(), String::new());
            rows.push(row);
        };
        resource.nobody.iter().for_each(|action| unanswered(action, "(nobody)".to_owned()));
        resource.unasked.iter().for_each(|(action, why)| unanswered(action, format!("(not asked: {why})")));
    }
    rows
}
