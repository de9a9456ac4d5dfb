//! Accuracy against the updates of training, with that of networks that were trained so from new weights.

use super::Group;
use super::text::{Table, accuracy, arm, foot};
use crate::figures::names;
use crate::run::summary::{Against, Row};
use crate::scenario::plain;
use saturn_eval::reading::Reading;

/// A net and a regime a row, the updates as columns; the last column is of `from_start`.
pub fn updates(
    groups: &[Group],
    from_start: Option<&Group>,
    [stream, reading, policy]: [&str; 3],
) -> Result<String, String> {
    let [stream, reading] = [stream, reading].map(|word| word.replace('-', " "));
    let reading = Reading::ALL.into_iter().find(|r| r.name() == reading);
    let reading = reading.ok_or("names no reading")?;
    let group = groups.first().ok_or("has no committed trials")?;
    let (regimes, start) = &group.regimes;
    let has = |arm: &String| group.rows.iter().any(|row| row.arm == *arm);
    let mut lengths: Vec<usize> = (regimes.iter().flat_map(|r| &r.arms))
        .filter(|(_, arm)| has(arm))
        .map(|(updates, _)| *updates)
        .collect();
    lengths.sort_unstable();
    lengths.dedup();
    let heads: Vec<String> = lengths.iter().map(ToString::to_string).collect();
    let head = ["net", "trained on by", "0"].into_iter();
    let head = head.chain(heads.iter().map(String::as_str));
    let mut table = Table::new(head.chain(["new"]));
    let mut used: Vec<Row> = Vec::new();
    for model in group.models() {
        for (k, regime) in regimes.iter().enumerate() {
            let row = |group: &Group, arm: &str| group.row(model, arm, &stream, policy).cloned();
            let before = start.as_deref().and_then(|arm| row(group, arm));
            let after = lengths.iter().map(|length| {
                let own = regime.arms.iter().find(|(updates, _)| updates == length);
                own.and_then(|(_, arm)| row(group, arm))
            });
            let rows: Vec<Option<Row>> = [before].into_iter().chain(after).collect();
            let fresh = from_start.and_then(|other| {
                let same = other.arms.iter().find(|(_, arm)| plain(arm) == regime.arm);
                row(other, same?.0)
            });
            let name = if k == 0 {
                names::model(model)
            } else {
                String::new()
            };
            let of = |row: &Option<Row>| accuracy(row.as_ref().and_then(|row| row.of(reading)));
            table.row(
                [name, arm(&regime.name)]
                    .into_iter()
                    .chain(rows.iter().map(of))
                    .chain([of(&fresh)]),
            );
            used.extend(rows.into_iter().flatten());
        }
    }
    for row in &mut used {
        // This table has no differences.
        row.against = Against::default();
    }
    if used.is_empty() {
        return Err("no trial has what it needs".to_owned());
    }
    let used: Vec<&Row> = used.iter().collect();
    Ok(format!("{}\n{}", table.text(), foot(group, &used)))
}
