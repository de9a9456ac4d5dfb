//! The list of instruments: from a line an instrument to keys, results, tables and figures.

/// Declares the instruments of a program: a line each, in the order in which checkpoints keep them.
///
/// | list | a line | becomes |
/// |---|---|---|
/// | `always` | `key: Type` of [`OnStates`] | a field of `Always` and `AlwaysStats` |
/// | `states` | `key: Name(Type)` of [`OnStates`] | one of `Optional` and `OptionalStats`, and `Instrument::Name` |
/// | `answers` | `key: Name(Type)` of [`OnAnswers`] | one of `Answers` and `Reports`, and `Instrument::Name` |
/// | `experiments` | `Name` | `Instrument::Name` alone |
///
/// A key is its name in snake case: that of `evaluate.instruments` in a scenario, and of results.
///
/// [`OnStates`]: crate::instruments::definition::OnStates
/// [`OnAnswers`]: crate::instruments::definition::OnAnswers
#[macro_export]
macro_rules! instruments {
    (
        always { $($(#[doc = $always_doc:literal])+ $always:ident: $always_type:ty,)* }
        states { $($(#[doc = $state_doc:literal])+ $state:ident: $State:ident($state_type:ty),)* }
        answers { $($(#[doc = $answer_doc:literal])+ $answer:ident: $Answer:ident($answer_type:ty),)* }
        experiments { $($(#[doc = $experiment_doc:literal])+ $Experiment:ident,)* }
    ) => {
        /// An instrument that runs only on request. Costs are in addition to those of an evaluation.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum Instrument {
            $($(#[doc = $state_doc])+ $State,)*
            $($(#[doc = $answer_doc])+ $Answer,)*
            $($(#[doc = $experiment_doc])+ $Experiment,)*
        }

        $crate::instruments! {
            @on_states Always, AlwaysStats, $crate::instruments::definition::Side,
            "The instruments that always run, on the fields of one cell.",
            "What they returned of one cell in one window, by field.";
            $($(#[doc = $always_doc])+ $always: $always_type, |_| true,)*
        }

        $crate::instruments! {
            @on_states Optional, OptionalStats, $crate::instruments::on_fields::StateOnly,
            "The instruments on states that run only where they are asked for, on the fields of one cell.",
            "What they returned of one cell in one window, by field.";
            $($(#[doc = $state_doc])+ $state: $state_type,
                |wanted| wanted.contains(&Instrument::$State),)*
        }

        /// The instruments on answers that are asked for, on one lane or on several.
        #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
        pub struct Answers {
            $($answer: Option<$answer_type>,)*
        }

        /// What they returned.
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct Reports {
            $($(#[doc = $answer_doc])+
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $answer: Option<<$answer_type as $crate::instruments::definition::OnAnswers>::Report>,)*
        }

        #[allow(unused_variables, clippy::unused_self, reason = "a list may be empty")]
        impl Answers {
            /// Those of `wanted`, with nothing observed yet.
            pub fn new(wanted: &[Instrument], stream: &$crate::instruments::definition::Stream) -> Self {
                Self {
                    $($answer: wanted.contains(&Instrument::$Answer).then(|| {
                        <$answer_type as $crate::instruments::definition::OnAnswers>::on(stream)
                    }),)*
                }
            }

            /// The answer to a segment of known boundaries, in order.
            pub fn segment(&mut self, answer: &$crate::instruments::definition::Answer) {
                $(if let Some(one) = &mut self.$answer {
                    $crate::instruments::definition::OnAnswers::segment(one, answer);
                })*
            }

            /// Whether the detector was right about a segment that ended at `step`.
            pub fn detected(&mut self, step: u64, right: bool) {
                $(if let Some(one) = &mut self.$answer {
                    $crate::instruments::definition::OnAnswers::detected(one, step, right);
                })*
            }

            /// Adds what was observed on the next lane.
            pub fn merge(&mut self, other: &Self) {
                $(if let (Some(to), Some(from)) = (&mut self.$answer, &other.$answer) {
                    $crate::instruments::definition::OnAnswers::merge(to, from);
                })*
            }

            /// What all lanes gave.
            pub fn report(&self, stream: &$crate::instruments::definition::Stream) -> Reports {
                Reports {
                    $($answer: self.$answer.as_ref().map(|one| {
                        $crate::instruments::definition::OnAnswers::report(one, stream)
                    }),)*
                }
            }
        }

        impl Reports {
            /// Leaves out all but what tables need.
            pub fn thin(&mut self) {
                $(if let Some(report) = &mut self.$answer {
                    <$answer_type as $crate::instruments::definition::OnAnswers>::thin(report);
                })*
            }

            /// The columns of a table about them.
            pub fn columns() -> Vec<$crate::instruments::shown::ShownColumn<Self>> {
                let all = std::iter::empty();
                $(let all = all.chain($crate::instruments::shown::columns(
                    &<$answer_type as $crate::instruments::definition::OnAnswers>::DEFINITION,
                    |reports: &Self| reports.$answer.iter().collect(),
                ));)*
                all.collect()
            }
        }
    };

    (
        @on_states $Set:ident, $Stats:ident, $side:ty, $set_doc:literal, $stats_doc:literal;
        $($(#[doc = $doc:literal])+ $key:ident: $type:ty, $wants:expr,)*
    ) => {
        #[doc = $set_doc]
        #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
        pub struct $Set {
            $($key: $crate::instruments::on_fields::OnFields<$type, $side>,)*
        }

        #[doc = $stats_doc]
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $Stats {
            $($(#[doc = $doc])+
            #[serde(default)]
            pub $key: std::collections::BTreeMap<
                String,
                <$type as $crate::instruments::definition::OnStates>::Stats,
            >,)*
        }

        #[allow(unused_variables, clippy::unused_self, reason = "a list may be empty")]
        impl $Set {
            /// Those of `wanted`, on the fields that they are made for.
            pub fn new(
                fields: &$crate::instruments::on_fields::Fields,
                setting: $crate::instruments::definition::Setting,
                wanted: &[Instrument],
            ) -> Self {
                $(let wants: fn(&[Instrument]) -> bool = $wants;
                let $key = if wants(wanted) {
                    $crate::instruments::on_fields::OnFields::new(fields, setting)
                } else {
                    $crate::instruments::on_fields::OnFields::default()
                };)*
                Self { $($key,)* }
            }

            /// Whether none has a field.
            pub fn is_empty(&self) -> bool {
                true $(&& self.$key.is_empty())*
            }

            /// Shows `drive [D, B]` and the `state [S, B]` after a step, every step in order.
            pub fn follow<R: saturn_cell::Real>(
                &mut self,
                drive: saturn_cell::View<R>,
                state: saturn_cell::View<R>,
            ) {
                $(self.$key.follow(drive, state);)*
            }

            /// Shows the same of a look.
            pub fn observe<R: saturn_cell::Real>(
                &mut self,
                drive: saturn_cell::View<R>,
                state: saturn_cell::View<R>,
            ) {
                $(self.$key.observe(drive, state);)*
            }

            /// Closes the window, of steps of `dt_ms`, and begins the next one.
            pub fn take(&mut self, dt_ms: f64) -> $Stats {
                $Stats { $($key: self.$key.take(dt_ms),)* }
            }
        }

        impl $Stats {
            /// The columns of a table about them.
            pub fn columns() -> Vec<$crate::instruments::shown::ShownColumn<Self>> {
                let all = std::iter::empty();
                $(let all = all.chain($crate::instruments::shown::columns(
                    &<$type as $crate::instruments::definition::OnStates>::DEFINITION,
                    |stats: &Self| stats.$key.values().collect(),
                ));)*
                all.collect()
            }

            /// The panels of a figure about them.
            pub fn panels() -> Vec<$crate::instruments::shown::ShownPanel<Self>> {
                let all = std::iter::empty();
                $(let all = all.chain($crate::instruments::shown::panels(
                    &<$type as $crate::instruments::definition::OnStates>::DEFINITION,
                    |stats: &Self| stats.$key.iter().collect(),
                ));)*
                all.collect()
            }
        }
    };
}
