//! A cell with given fields and no dynamics, for the tests of the instruments.

use std::ops::Range;

use saturn_cell::{
    Cell, Field, FieldKind, Input, Output, Params, Recorded, Synapses, View, ViewMut, Widths,
};

#[derive(Clone, Default)]
pub(super) struct Toy {
    pub state: Vec<Field>,
    pub drive: Vec<Field>,
    pub moduli: Option<Vec<f64>>,
    pub params: Params<f64>,
}

pub(super) fn field(name: &'static str, rows: Range<usize>, kind: FieldKind) -> Field {
    Field {
        name: name.into(),
        rows,
        kind,
    }
}

fn rows(fields: &[Field]) -> usize {
    fields.iter().map(|f| f.rows.end).max().unwrap_or(0)
}

impl Cell<f64> for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }
    fn widths(&self) -> Widths {
        Widths {
            input: 0,
            drive: rows(&self.drive),
            state: rows(&self.state),
            output: 0,
        }
    }
    fn fields(&self) -> Vec<Field> {
        self.state.clone()
    }
    fn drive_fields(&self) -> Vec<Field> {
        self.drive.clone()
    }
    fn moduli(&self) -> Option<Vec<f64>> {
        self.moduli.clone()
    }
    fn synapses(&self) -> Synapses {
        Synapses::default()
    }
    fn params(&self) -> &Params<f64> {
        &self.params
    }
    fn update(&mut self, change: &mut dyn FnMut(&mut Params<f64>)) {
        change(&mut self.params);
    }
    fn boxed(&self) -> Box<dyn Cell<f64>> {
        Box::new(self.clone())
    }
    fn project(&self, _: Input<f64>, _: ViewMut<f64>) {}
    fn advance(&self, _: ViewMut<f64>, _: View<f64>, _: ViewMut<f64>) {}
    fn output(&self) -> Output<'_, f64> {
        Output::Rows(0..0)
    }
    fn advance_backward(
        &self,
        _: Recorded<f64>,
        _: ViewMut<f64>,
        _: ViewMut<f64>,
        _: &mut Params<f64>,
    ) {
    }
    fn project_backward(
        &self,
        _: Input<f64>,
        _: Recorded<f64>,
        _: View<f64>,
        _: &mut Params<f64>,
        _: Option<ViewMut<f64>>,
    ) {
    }
}
