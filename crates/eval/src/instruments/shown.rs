//! What reports show of all instruments of a list: columns and panels that read the results of all of them.

use super::definition::{Curve, Definition, Panel, Read};

/// Reads what a column holds from results `W`: a value for each field that has one.
type Reader<W, T> = Box<dyn Fn(&W) -> Vec<T>>;

/// A column of a table about results `W`.
pub struct ShownColumn<W> {
    /// What its instrument measures.
    pub title: &'static str,
    /// Its heading.
    pub head: &'static str,
    /// What is in it.
    pub values: Values<W>,
}

/// What is in a column.
pub enum Values<W> {
    /// Numbers with so many places, of which the mean is shown.
    Numbers(usize, Reader<W, f64>),
    /// Texts.
    Texts(Reader<W, String>),
}

/// A panel of a figure about results `W`.
pub struct ShownPanel<W> {
    /// Its title, with the unit.
    pub title: &'static str,
    /// What its band is, if it has one.
    pub band: Option<&'static str>,
    /// Ends of its axis, where they are fixed.
    pub range: Option<(f64, f64)>,
    /// A line across it, with its name.
    pub level: Option<(f64, &'static str)>,
    /// Whether each field has a panel of its own.
    pub by_field: bool,
    /// Field, line and ends of the band, which are no numbers where there is none.
    pub values: Reader<W, (String, [f64; 3])>,
}

/// The columns of an instrument whose results are `all` of `W`.
pub fn columns<W: 'static, S: 'static>(
    definition: &Definition<S>,
    all: fn(&W) -> Vec<&S>,
) -> impl Iterator<Item = ShownColumn<W>> {
    let title = definition.title;
    definition.columns.iter().map(move |column| ShownColumn {
        title,
        head: column.head,
        values: match column.read {
            Read::Number(places, of) => {
                let numbers = move |w: &W| all(w).into_iter().filter_map(of).collect();
                Values::Numbers(places, Box::new(numbers))
            }
            Read::Text(of) => {
                Values::Texts(Box::new(move |w| all(w).into_iter().map(of).collect()))
            }
        },
    })
}

/// The panels of an instrument whose results by field are `all` of `W`.
pub fn panels<W: 'static, S: 'static>(
    definition: &Definition<S>,
    all: fn(&W) -> Vec<(&String, &S)>,
) -> impl Iterator<Item = ShownPanel<W>> {
    definition
        .panels
        .iter()
        .map(move |panel: &'static Panel<S>| {
            let curve = &panel.curve;
            let point = move |stats: &S| match curve {
                Curve::Line(of) => of(stats).map(|value| [value, f64::NAN, f64::NAN]),
                Curve::Band(_, of) => Some(of(stats)),
            };
            let values = move |w: &W| {
                let found = all(w).into_iter();
                found
                    .filter_map(|(field, stats)| Some((field.clone(), point(stats)?)))
                    .collect()
            };
            ShownPanel {
                title: panel.title,
                band: match curve {
                    Curve::Line(_) => None,
                    Curve::Band(band, _) => Some(band),
                },
                range: panel.range,
                level: panel.level,
                by_field: panel.by_field,
                values: Box::new(values),
            }
        })
}
