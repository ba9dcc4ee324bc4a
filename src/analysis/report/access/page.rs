//! Access as a page: the rights at a glance, who is bound to the entity, then every right with its reason.

use super::{Access, Holder, Resource};
use crate::{
    analysis::report::{
        Occasion, counted,
        page::{Block, Line, Page, Part, Run, Section, Table, Tone, code, joined, plain},
        picture::heat::{Heat, Mark},
    },
    request::Party,
};

/// Most columns of one picture: more do not fit on a printed page.
const COLUMNS: usize = 24;

/// The whole page.
pub(super) fn of(access: &Access, occasion: &Occasion) -> Page {
    let mut sections = vec![glance(access)];
    sections.extend(bound(access));
    let (own, others): (Vec<&Resource>, Vec<&Resource>) =
        access.resources.iter().partition(|resource| resource.by.is_empty());
    sections.extend(own.into_iter().map(|resource| rights(access, resource)));
    if !others.is_empty() {
        let parts = others.iter().enumerate().map(|(number, resource)| part(access, number, resource)).collect();
        let title = format!("What belongs to it: {}", counted(others.len(), "thing", "things"));
        sections.push(Section { id: "belongs".to_owned(), title, blocks: Vec::new(), parts });
    }
    sections.push(limits(access));
    let mut made_from = occasion.told();
    made_from.push(("Said in every question".to_owned(), access.context.clone()));
    Page {
        title: format!("Access to {}", access.on),
        about: "Who can do what on it and on what belongs to it, why, and on which facts that rests.".to_owned(),
        made_from,
        sections,
    }
}

fn section(id: &str, title: String, blocks: Vec<Block>) -> Section {
    Section { id: id.to_owned(), title, blocks, parts: Vec::new() }
}

fn glance(access: &Access) -> Section {
    let own: Vec<&Resource> = access.resources.iter().filter(|resource| resource.by.is_empty()).collect();
    let principals = Access::principals(own.iter().copied());
    let mut blocks = Vec::new();
    if principals.is_empty() {
        blocks.push(Block::Text(plain("Nobody may do anything on it.")));
    }
    for (number, columns) in principals.chunks(COLUMNS).enumerate() {
        let part = if principals.len() > COLUMNS { format!(", part {}", number + 1) } else { String::new() };
        let heat = Heat {
            id: format!("rights-{}", number + 1),
            title: format!("Rights on {} at a glance{part}", access.on),
            description: "Rows are actions, columns are who may do them; a filled cell is a right, and an exclamation \
                          mark in it an obligation"
                .to_owned(),
            corner: "Action".to_owned(),
            columns: columns.iter().map(|party| party.id.clone()).collect(),
            rows: own.iter().flat_map(|resource| rows(resource, columns)).collect(),
        };
        let (picture, table) = heat.draw();
        blocks.push(Block::Figure(picture, table));
    }
    let unasked: Vec<_> =
        own.iter().flat_map(|resource| &resource.unasked).map(|(action, _)| code(&**action)).collect();
    if !unasked.is_empty() {
        let words = plain("Not asked about, since these actions want more in their context: ");
        blocks.push(Block::Text([words, joined(unasked)].concat()));
    }
    section("glance", "At a glance".to_owned(), blocks)
}

fn rows(resource: &Resource, columns: &[&Party]) -> Vec<(String, Vec<Option<Mark>>)> {
    let mark = |holder: &Holder| match holder.obligations.is_empty() {
        true => Mark { tone: Tone::Good, sign: "●".to_owned(), words: "may".to_owned() },
        false => Mark {
            tone: Tone::Mixed,
            sign: "!".to_owned(),
            words: format!("may, and must {}", holder.obligations.join(", ")),
        },
    };
    let row = |action: &super::Action| {
        let cell = |party: &&Party| action.holders.iter().find(|holder| &holder.principal == *party).map(mark);
        (action.name.clone(), columns.iter().map(cell).collect())
    };
    resource.actions.iter().map(row).collect()
}

fn bound(access: &Access) -> Option<Section> {
    let graph = access.bound.as_ref()?;
    let blocks = if graph.is_empty() {
        vec![Block::Text(plain("It is bound to nobody."))]
    } else {
        let (picture, table) = graph.draw();
        vec![Block::Figure(picture, table)]
    };
    Some(section("bound", "Who is bound to it".to_owned(), blocks))
}

fn rights(access: &Access, resource: &Resource) -> Section {
    section("rights", format!("Rights on {}", resource.party), blocks(access, resource))
}

fn part(access: &Access, number: usize, resource: &Resource) -> Part {
    let mut blocks = blocks(access, resource);
    blocks.insert(0, Block::Text(plain(format!("Belongs to it {}.", resource.by))));
    Part { id: format!("belongs-{}", number + 1), title: resource.party.to_string(), blocks }
}

fn blocks(access: &Access, resource: &Resource) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !resource.actions.is_empty() {
        blocks.push(Block::Table(table(access, resource)));
    }
    if !resource.nobody.is_empty() {
        let names = joined(resource.nobody.iter().map(|name| code(&**name)));
        blocks.push(Block::Text([plain("Nobody may: "), names].concat()));
    }
    if !resource.unasked.is_empty() {
        let lines = resource
            .unasked
            .iter()
            .map(|(action, why)| vec![Run::Code(action.clone()), Run::Plain(format!(": {why}"))]);
        let actions = counted(resource.unasked.len(), "action that was", "actions that were");
        blocks.push(Block::Folded(format!("{actions} not asked about, and why"), lines.collect()));
    }
    blocks
}

fn table(access: &Access, resource: &Resource) -> Table {
    let heads = ["Action", "Who may", "Because", "Rules", "Rests on"];
    let since = access.has_history.then_some("Since");
    let mut table = Table::new(format!("Who may do what on {}", resource.party), heads.into_iter().chain(since));
    for action in &resource.actions {
        for alike in alike(&action.holders) {
            let Some(first) = alike.first() else { continue };
            let who = joined(alike.iter().map(|holder| code(holder.principal.to_string())));
            let mut row = vec![code(&*action.name), who, because(first), rules(first), facts(first)];
            if access.has_history {
                row.push(first.since().map_or_else(Line::new, |since| {
                    plain(format!("revision {} of {}, by {}", since.revision, since.at, since.who))
                }));
            }
            table.rows.push(row);
        }
    }
    table
}

/// Those who may for the same reason on the same facts, together.
fn alike(holders: &[Holder]) -> Vec<Vec<&Holder>> {
    let mut groups: Vec<Vec<&Holder>> = Vec::new();
    for holder in holders {
        let same = |first: &&Holder| {
            (&first.because, &first.obligations, &first.rests_on)
                == (&holder.because, &holder.obligations, &holder.rests_on)
        };
        match groups.iter_mut().find(|group| group.first().is_some_and(same)) {
            Some(group) => group.push(holder),
            None => groups.push(vec![holder]),
        }
    }
    groups
}

fn because(holder: &Holder) -> Line {
    let mut line = joined(holder.because.iter().map(|because| {
        vec![
            Run::Code(because.policy.clone()),
            Run::Plain(format!(" {} (", because.title)),
            Run::Code(because.at.clone()),
            Run::Plain(")".to_owned()),
        ]
    }));
    if !holder.obligations.is_empty() {
        line.push(Run::Plain(format!("; obliges {}", holder.obligations.join(", "))));
    }
    line
}

fn rules(holder: &Holder) -> Line {
    let rules: std::collections::BTreeSet<&str> =
        holder.because.iter().flat_map(|because| &because.rules).map(String::as_str).collect();
    plain(rules.into_iter().collect::<Vec<_>>().join(", "))
}

fn facts(holder: &Holder) -> Line {
    joined(holder.rests_on.iter().map(|fact| code(fact.party.to_string())))
}

fn limits(access: &Access) -> Section {
    let mut lines = vec![if access.has_history {
        "“Since” is the newest revision among the facts that a right rests on: it stands on the same facts since then, \
         under the policies of today. It may have been granted earlier on other facts."
    } else {
        "Since when a right stands is left out: these facts are a file without history. With --store it is told."
    }
    .to_owned()];
    lines.push(
        "A right is what the questions as asked allow. What a question leaves out of its context, such as a \
         confirmation, is not assumed; --context says it."
            .to_owned(),
    );
    lines.push(
        "“Rests on” are the facts that the determining policies looked at. A forbid that does not apply looked at facts \
         too; these are not listed."
            .to_owned(),
    );
    lines.extend(access.left_out.iter().cloned());
    section(
        "limits",
        "How to read this report".to_owned(),
        lines.into_iter().map(|line| Block::Text(plain(line))).collect(),
    )
}
