//! Does a network forget, can it saturate or diverge: theory and measurement.

use saturn_analyse::described::described;
use saturn_analyse::{About, Subject, report};
use saturn_cell::Real;
use saturn_eval::evaluate::widened;
use saturn_network::{Outputs, build};
use saturn_stream::Form;

use crate::dataset::Dataset;
use crate::error::Error;
use crate::network::Network;
use crate::trainer::fits;

pub use saturn_analyse::{Analysis as AnalysisReport, Options as AnalysisOptions};

impl<R: Real> Network<R> {
    /// The same network in f64.
    pub fn widened(&self) -> Result<Network<f64>, Error> {
        let net = self.inner();
        let outputs = Outputs {
            classes: net.classes(),
            extra: net.outputs() - net.classes(),
        };
        let (config, channels) = (self.config(), self.channels());
        let twin = build("network", config, channels, outputs, self.dt_ms(), 0)?;
        let names = self.class_names().to_vec();
        Network::from_parts(
            widened(net, twin),
            config.clone(),
            channels,
            self.dt_ms(),
            names,
        )
    }

    /// Analyses it in f64 on the validation samples of `data`, or in silence alone.
    pub fn analyse(
        &self,
        data: Option<&Dataset>,
        options: &AnalysisOptions,
    ) -> Result<AnalysisReport, Error> {
        self.analyse_watched(data, options, &|_| {})
    }

    /// The same; `say` receives the name of each part before it begins.
    pub fn analyse_watched(
        &self,
        data: Option<&Dataset>,
        options: &AnalysisOptions,
        say: &dyn Fn(&str),
    ) -> Result<AnalysisReport, Error> {
        if let Some(data) = data {
            fits(self, data)?;
        }
        let net = self.widened()?.net;
        let net = match data {
            Some(data) => net.for_density(data.density),
            None => net,
        };
        let subject = Subject {
            net: &net,
            layers: described(&net, self.config(), self.channels()),
            source: data.map(|data| data.source(&data.valid)),
            form: data.map_or(Form::Events, |data| data.valid.form()),
            channels: self.channels(),
            dt_ms: self.dt_ms(),
        };
        let about = About {
            net: "network",
            weights: "",
            precision: R::NAME,
        };
        Ok(report(&subject, options, about, say)?)
    }
}
