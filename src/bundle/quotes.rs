//! Holds `[quotes]` of `mandat.toml` against the schema: a misspelt attribute would make every partner's price
//! a stranger's, without a word.

use super::shape::Shapes;
use crate::{
    config::{OrderQuestion, QuoteSettings, Settings},
    pricing::words::nearest,
    problem::{Problem, Problems, Source},
};

/// Every name that the schema does not have.
pub(super) fn check(source: Option<&Source>, settings: &Settings, shapes: &Shapes, problems: &mut Problems) {
    let (Some(source), Some(quotes)) = (source, &settings.quotes) else { return };
    let section = quotes.span().start;
    let faults = types(quotes.get_ref(), shapes).into_iter().chain(actions(quotes.get_ref(), shapes));
    problems.extend(faults.map(|Fault { name, message, help }| {
        let quoted = format!("\"{name}\"");
        let found = source.text.get(section..).and_then(|text| text.find(&quoted));
        let span = found.map_or((section, "[quotes]".len()), |at| (section + at, quoted.len()));
        Problem::at(source, span, message).code("E207").help(help)
    }));
}

/// A name that the schema does not have.
struct Fault {
    name: String,
    message: String,
    help: String,
}

fn types(names: &QuoteSettings, shapes: &Shapes) -> Vec<Fault> {
    let agreement = &names.agreement;
    let mut organization = vec![&names.partner.status, &names.tax.country, &names.tax.vat_number];
    organization.extend(&names.client_agreements);
    let attributes: [(&String, Vec<&String>); 3] = [
        (&names.organization, organization),
        (&names.product, vec![&names.managed_by, &names.product_of, &names.family_of]),
        (
            &agreement.r#type,
            vec![&agreement.client, &agreement.partner, &agreement.status, &agreement.access, &agreement.payment],
        ),
    ];
    attributes.into_iter().flat_map(|(entity_type, names)| missing(shapes, entity_type, &names)).collect()
}

fn missing(shapes: &Shapes, entity_type: &str, names: &[&String]) -> Vec<Fault> {
    let Some(shape) = shapes.entity_types.get(entity_type) else {
        return vec![unknown("entity type", entity_type, shapes.entity_types.keys())];
    };
    let unknown_name = |name: &&&String| !shape.attributes.contains_key(name.as_str());
    let names = names.iter().filter(unknown_name);
    names.map(|name| unknown(&format!("attribute of {entity_type},"), name, shape.attributes.keys())).collect()
}

fn actions(names: &QuoteSettings, shapes: &Shapes) -> Vec<Fault> {
    [&names.order, &names.renewal].into_iter().flat_map(|question| action(question, shapes)).collect()
}

fn action(question: &OrderQuestion, shapes: &Shapes) -> Vec<Fault> {
    let Some(action) = shapes.actions.get(&question.action) else {
        return vec![unknown("action", &question.action, shapes.actions.keys())];
    };
    let names = std::iter::once(&question.payer).chain(&question.family);
    let names = names.filter(|name| !action.context.contains_key(name.as_str()));
    names
        .map(|name| unknown(&format!("attribute of the context of {},", question.action), name, action.context.keys()))
        .collect()
}

fn unknown<'k>(what: &str, name: &str, known: impl Iterator<Item = &'k String>) -> Fault {
    let help = match nearest(name, known.map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "use the names of the schema".to_owned(),
    };
    let message = format!("`[quotes]` names the {what} `{name}`, which the schema does not have");
    Fault { name: name.to_owned(), message, help }
}
