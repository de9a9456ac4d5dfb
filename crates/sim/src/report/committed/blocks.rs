//! The kinds of tables.
//!
//! | mark, after the scenario | table |
//! |---|---|
//! | `verdicts` | for each reading and stream, the number of networks within the margin of the reference without resets |
//! | `readings STREAM [NET ..]` | each net by each reading: reference, classic, carry, adaptive, difference, verdict |
//! | `arms STREAM [READING]` | each net: the reference, then every arm never reset |
//! | `carry` | the same as `verdicts`, from *carry* instead of the reference |
//! | `policies STREAM ARM ..` | each reset policy: every net trained in these arms |
//! | `list STREAM` | each arm of a single net by each reading, with its difference |
//! | `recall STREAM` | mean recall over the classes: the reference, then every arm never reset |
//! | `updates STREAM READING POLICY SCENARIO` | each net and regime: updates, then from new weights in the other scenario (`updates.rs`) |
//! | `summary` | `verdicts` of only the first group, without the line on events and intervals |
//! | `fall` | a sentence on the networks whose accuracy falls without resets; of the first group |
//!
//! Accuracies are per cent, differences points. A name with a space is written with a dash.

use super::Group;
use super::text::{
    Counted, Table, accuracy, arm, bound, capital, difference, foot, range, streams, verdict,
};
use crate::figures::names;
use crate::figures::scope::NEVER;
use crate::run::summary::Row;
use crate::scenario::{ArmRole, StateReset};
use saturn_eval::reading::Reading;

/// A net of the reference's arm that loses more than this without resets has fallen, a share of 1.
const FALL: f64 = 0.2;

/// The text of `kind` about `about`, a part for each group.
pub fn block(groups: &[Group], kind: &str, about: &[&str]) -> Result<String, String> {
    let about: Vec<String> = about.iter().map(|word| word.replace('-', " ")).collect();
    let about: Vec<&str> = about.iter().map(String::as_str).collect();
    let mut parts = Vec::new();
    for group in groups {
        let part = match (kind, &about[..]) {
            ("verdicts", []) => verdicts(group),
            ("summary", []) => summary(group),
            ("readings", [stream, nets @ ..]) => readings(group, stream, nets),
            ("arms", [stream]) => arms(group, stream, Reading::Summed),
            ("arms", [stream, reading]) => {
                let reading = Reading::ALL.into_iter().find(|r| r.name() == *reading);
                arms(group, stream, reading.ok_or("names no reading")?)
            }
            ("carry", []) => carry(group),
            ("policies", [stream, arms @ ..]) => policies(group, stream, arms),
            ("list", [stream]) => list(group, stream),
            ("recall", [stream]) => recall(group, stream),
            ("fall", []) => fall(group),
            _ => return Err(format!("there is no table `{kind}` about {about:?}")),
        };
        parts.extend(part);
        // The first lines are only about the first group.
        if ["fall", "summary"].contains(&kind) {
            break;
        }
    }
    if parts.is_empty() {
        return Err("no trial has what it needs".to_owned());
    }
    Ok(parts.join("\n\n"))
}

/// The arms that have been never reset, in order.
fn arms_of(group: &Group) -> Vec<&str> {
    let mut arms: Vec<&str> = Vec::new();
    for row in group.rows.iter().filter(|row| row.state_reset == NEVER) {
        if !arms.contains(&&*row.arm) {
            arms.push(&row.arm);
        }
    }
    arms
}

fn reference_head(group: &Group) -> String {
    let reference = &group.reference;
    format!("{}, {}", arm(&reference.arm), reference.state_reset)
}

/// A reading a row, a stream a column, and a sentence on the difference; the rows that it is made from.
fn counted<'a>(group: &Group, rows: &'a [Row], from: &str) -> Option<(String, Vec<&'a Row>)> {
    let adaptive = group.arm(ArmRole::Adaptive)?;
    let streams = streams(group);
    let heads: Vec<String> = streams
        .iter()
        .map(|s| capital(&group.roles.stream_label(s)))
        .collect();
    let mut table = Table::new(
        ["reading"]
            .into_iter()
            .chain(heads.iter().map(String::as_str)),
    );
    let mut any = false;
    for reading in Reading::ALL {
        let found: Vec<Counted> = (streams.iter())
            .map(|stream| Counted::of(rows, adaptive, stream, reading))
            .collect();
        any |= found.iter().any(|counted| counted.nets > 0);
        let head = reading.name().to_owned();
        table.row([head].into_iter().chain(found.iter().map(Counted::words)));
    }
    let used: Vec<&Row> = (rows.iter())
        .filter(|row| row.arm == adaptive && row.state_reset == NEVER)
        .collect();
    any.then(|| {
        let text = format!(
            "{}\n*{}, never reset, minus {from}: networks by verdict, and the mean over networks in points.*",
            table.text(),
            capital(&arm(adaptive)),
        );
        (text, used)
    })
}

fn verdicts(group: &Group) -> Option<String> {
    let (text, used) = against_reference(group)?;
    Some(format!("{text} {}", foot(group, &used)))
}

/// For the README, where the events and the definition of the intervals are one link away.
fn summary(group: &Group) -> Option<String> {
    Some(against_reference(group)?.0)
}

fn against_reference(group: &Group) -> Option<(String, Vec<&Row>)> {
    let reference = &group.reference;
    let policy = if StateReset::ORACLE.is_named(&reference.state_reset) {
        "an oracle's resets".to_owned()
    } else {
        group.roles.policy_label(&reference.state_reset)
    };
    let from = format!("{} with {policy}", arm(&reference.arm));
    counted(group, &group.rows, &from)
}

fn carry(group: &Group) -> Option<String> {
    let carry = group.arm(ArmRole::Carry)?;
    let rows = group.against(carry, NEVER);
    let (text, used) = counted(group, &rows, &format!("{}, never reset", arm(carry)))?;
    Some(format!("{text} {}", foot(group, &used)))
}

fn readings(group: &Group, stream: &str, nets: &[&str]) -> Option<String> {
    let adaptive = group.arm(ArmRole::Adaptive)?;
    let others: Vec<&str> = ([ArmRole::Classic, ArmRole::Carry, ArmRole::Adaptive].into_iter())
        .filter_map(|role| group.arm(role))
        .collect();
    let reference = reference_head(group);
    let heads: Vec<String> = others
        .iter()
        .map(|a| format!("{}, never", arm(a)))
        .collect();
    let less = format!("{} less {}", arm(adaptive), group.reference.state_reset);
    let head = (["net", "reading", &*reference].into_iter())
        .chain(heads.iter().map(String::as_str))
        .chain([&*less, "bound", "verdict"]);
    let mut table = Table::new(head);
    let mut used: Vec<&Row> = Vec::new();
    let models = group.models();
    let wanted = |model: &&str| nets.is_empty() || nets.contains(&model.replace('_', " ").as_str());
    for model in models.into_iter().filter(wanted) {
        let row = |arm: &str, policy: &str| group.row(model, arm, stream, policy);
        let Some(own) = row(adaptive, NEVER) else {
            continue;
        };
        let oracle = group.of_reference(model, stream);
        used.extend([Some(own), oracle].into_iter().flatten());
        for reading in Reading::ALL {
            let of = |row: Option<&Row>| accuracy(row.and_then(|row| row.of(reading)));
            let against = own.against.of(reading);
            let name = match reading {
                Reading::Summed => names::model(model),
                _ => String::new(),
            };
            let cells = [name, reading.name().to_owned(), of(oracle)]
                .into_iter()
                .chain(others.iter().map(|arm| of(row(arm, NEVER))))
                .chain([difference(against), bound(against), verdict(against)]);
            table.row(cells);
        }
    }
    (!used.is_empty()).then(|| format!("{}\n{}", table.text(), foot(group, &used)))
}

fn arms(group: &Group, stream: &str, reading: Reading) -> Option<String> {
    per_arm(group, stream, &|row| accuracy(row.of(reading)))
}

fn recall(group: &Group, stream: &str) -> Option<String> {
    per_arm(group, stream, &|row| accuracy(row.balanced.as_ref()))
}

/// A net a row, the reference and every arm a column.
fn per_arm(group: &Group, stream: &str, of: &dyn Fn(&Row) -> String) -> Option<String> {
    let arms = arms_of(group);
    let reference = reference_head(group);
    let heads: Vec<String> = arms.iter().map(|a| arm(a)).collect();
    let head = (["net", &*reference].into_iter()).chain(heads.iter().map(String::as_str));
    let mut table = Table::new(head);
    let mut used: Vec<Row> = Vec::new();
    for model in group.models() {
        let oracle = group.of_reference(model, stream);
        let own = arms.iter().map(|arm| group.row(model, arm, stream, NEVER));
        let rows: Vec<Option<&Row>> = [oracle].into_iter().chain(own).collect();
        let cell = |row: Option<&Row>| row.map_or_else(|| "–".to_owned(), of);
        let name = names::model(model);
        table.row([name].into_iter().chain(rows.iter().copied().map(cell)));
        used.extend(rows.into_iter().flatten().cloned());
    }
    for row in &mut used {
        // This table has no differences.
        row.against = crate::run::summary::Against::default();
    }
    let used: Vec<&Row> = used.iter().collect();
    (!used.is_empty()).then(|| format!("{}\n{}", table.text(), foot(group, &used)))
}

fn policies(group: &Group, stream: &str, arms: &[&str]) -> Option<String> {
    let mut policies: Vec<&str> = Vec::new();
    for row in group.rows.iter().filter(|row| row.stream == stream) {
        if !policies.contains(&&*row.state_reset) {
            policies.push(&row.state_reset);
        }
    }
    let columns: Vec<(&str, &str)> = (group.models().into_iter())
        .flat_map(|model| arms.iter().map(move |arm| (model, *arm)))
        .collect();
    let heads: Vec<String> = (columns.iter())
        .map(|(model, name)| format!("{}, {}", names::model(model), arm(name)))
        .collect();
    let mut table = Table::new(
        ["resets"]
            .into_iter()
            .chain(heads.iter().map(String::as_str)),
    );
    let mut used: Vec<Row> = Vec::new();
    for policy in policies {
        let rows: Vec<Option<&Row>> = (columns.iter())
            .map(|(model, arm)| group.row(model, arm, stream, policy))
            .collect();
        let cell = |row: Option<&Row>| accuracy(row.and_then(|row| row.summed.as_ref()));
        let name = group.roles.policy_label(policy);
        table.row([name].into_iter().chain(rows.iter().copied().map(cell)));
        used.extend(rows.into_iter().flatten().cloned());
    }
    for row in &mut used {
        row.against = crate::run::summary::Against::default();
    }
    let used: Vec<&Row> = used.iter().collect();
    (!used.is_empty()).then(|| format!("{}\n{}", table.text(), foot(group, &used)))
}

fn list(group: &Group, stream: &str) -> Option<String> {
    let reference = &group.reference;
    let less = format!(
        "less {} with {}",
        arm(&reference.arm),
        reference.state_reset
    );
    let mut table = Table::new([
        "arm, never reset",
        "reading",
        "accuracy",
        &*less,
        "bound",
        "verdict",
    ]);
    let mut used = Vec::new();
    let models = group.models();
    let model = models.first()?;
    for name in arms_of(group) {
        let Some(row) = group.row(model, name, stream, NEVER) else {
            continue;
        };
        for reading in Reading::ALL {
            let against = row.against.of(reading);
            let head = match reading {
                Reading::Summed => arm(name),
                _ => String::new(),
            };
            table.row([
                head,
                reading.name().to_owned(),
                accuracy(row.of(reading)),
                difference(against),
                bound(against),
                verdict(against),
            ]);
        }
        used.push(row);
    }
    (!used.is_empty()).then(|| format!("{}\n{}", table.text(), foot(group, &used)))
}

/// Who falls without resets.
fn fall(group: &Group) -> Option<String> {
    let streams = streams(group);
    let first = streams.first()?;
    let reference = &group.reference;
    let of = |model: &str, policy: &str| {
        let row = group.row(model, &reference.arm, first, policy)?;
        Some(row.summed?.value)
    };
    let models = group.models();
    let pairs = (models.iter())
        .filter_map(|model| Some((of(model, &reference.state_reset)?, of(model, NEVER)?)));
    let fallen: Vec<(f64, f64)> = pairs
        .filter(|(oracle, never)| oracle - never > FALL)
        .collect();
    let with_reference = if StateReset::ORACLE.is_named(&reference.state_reset) {
        "reset at every word".to_owned()
    } else {
        group.roles.policy_label(&reference.state_reset)
    };
    (!fallen.is_empty()).then(|| {
        format!(
            "With {} between the words, {} of {} networks trained the {} way drop from {} % ({}) to {} % \
             (never reset).",
            group.roles.stream_label(first),
            fallen.len(),
            models.len(),
            arm(&reference.arm),
            range(fallen.iter().map(|pair| pair.0)),
            with_reference,
            range(fallen.iter().map(|pair| pair.1)),
        )
    })
}
