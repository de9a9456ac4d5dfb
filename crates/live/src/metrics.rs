//! The status of a stream in Prometheus' text form (OpenMetrics 1.0).

use std::fmt;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::latency::Quantiles;
use super::protocol::Fault;
use super::status::Status;

/// The content type in HTTP.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Real = Gauge<f64, AtomicU64>;

/// A label and its value.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct One {
    kind: Text,
}

/// Two of them.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Two {
    kind: Text,
    part: Text,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct Text(String);

impl EncodeLabelValue for Text {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> fmt::Result {
        EncodeLabelValue::encode(&self.0.as_str(), encoder)
    }
}

fn one(kind: &str) -> One {
    One {
        kind: Text(kind.to_owned()),
    }
}

fn two(kind: &str, part: &str) -> Two {
    Two {
        kind: Text(kind.to_owned()),
        part: Text(part.to_owned()),
    }
}

/// The text that a scraper reads.
#[allow(clippy::too_many_lines)] // One list of all metrics.
pub fn text(status: &Status) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("saturn_stream");
    let count = |registry: &mut Registry, name: &str, help: &str, value: u64| {
        let counter: Counter = Counter::default();
        counter.inc_by(value);
        registry.register(name, help, counter);
    };
    let gauge = |registry: &mut Registry, name: &str, help: &str, value: f64| {
        let gauge = Real::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
    let c = &status.counts;
    let r = &mut registry;
    for (name, help, value) in [
        ("steps", "Steps of the net", status.step),
        ("decisions", "Changes of the decision", status.decisions),
        ("events", "Events that reached the net", c.taken),
        ("marks", "Marks of time", c.marks),
        ("reordered", "Events out of order, in time", c.reordered),
        (
            "rebased",
            "Resynchronisations to the sender's clock",
            c.rebased,
        ),
        ("overruns", "Steps that came out late", c.overruns),
        ("skipped_steps", "Clock steps skipped", c.skipped),
        (
            "failed_saves",
            "Times the state could not be written",
            c.failed_saves,
        ),
        ("unsaid_notes", "Notes omitted from the log", c.unsaid_notes),
    ] {
        count(r, name, help, value);
    }
    let dropped = Family::<One, Counter>::default();
    for (kind, value) in c.dropped() {
        dropped.get_or_create(&one(kind)).inc_by(value);
    }
    r.register("dropped_events", "Events dropped, by reason", dropped);
    let malformed = Family::<One, Counter>::default();
    for (fault, value) in Fault::ALL.iter().zip(c.malformed) {
        malformed.get_or_create(&one(fault.name())).inc_by(value);
    }
    r.register("malformed_input", "Malformed input, by fault", malformed);
    gauge(
        r,
        "uptime_seconds",
        "Since the program started",
        status.uptime_s,
    );
    gauge(r, "steps_per_second", "Of late", status.steps_per_second);
    gauge(
        r,
        "queue_messages",
        "Messages waiting",
        status.queue[0] as f64,
    );
    gauge(
        r,
        "queue_room",
        "Capacity of the input queue, messages",
        status.queue[1] as f64,
    );
    let alarm = status.health.iter().any(|h| h.out);
    gauge(
        r,
        "alarm",
        "1 while health is out of range",
        f64::from(u8::from(alarm)),
    );
    let acts = f64::from(u8::from(status.falls_back));
    gauge(r, "fallback", "1 while the fallback is active", acts);
    let latency = Family::<Two, Real>::default();
    for (kind, q) in [
        ("step", status.step_latency),
        ("event", status.event_latency),
    ] {
        for (part, us) in parts(&q) {
            latency.get_or_create(&two(kind, part)).set(us / 1e6);
        }
    }
    r.register("latency_seconds", "Quantiles of latency", latency);
    let probability = Family::<One, Real>::default();
    for (class, &p) in status.classes.iter().zip(&status.probabilities) {
        probability.get_or_create(&one(class)).set(p.into());
    }
    r.register("probability", "Of each class", probability);
    let health = Family::<Two, Real>::default();
    for figure in &status.health {
        let value = figure.value.unwrap_or(f64::NAN);
        health.get_or_create(&two(&figure.name, "value")).set(value);
        for (part, limit) in ["least", "most"]
            .iter()
            .zip(figure.limits.into_iter().flatten())
        {
            health.get_or_create(&two(&figure.name, part)).set(limit);
        }
    }
    r.register("health", "Health figures and their limits", health);
    let mut out = String::new();
    encode(&mut out, &registry)?;
    Ok(out)
}

fn parts(q: &Quantiles) -> [(&'static str, f64); 5] {
    [
        ("0.5", q.p50_us),
        ("0.9", q.p90_us),
        ("0.99", q.p99_us),
        ("0.999", q.p999_us),
        ("1", q.max_us),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_remark_or_a_sample() {
        let mut status = Status {
            step: 7,
            classes: vec!["a \"b\"\n".to_owned()],
            probabilities: vec![0.5],
            ..Status::default()
        };
        status.counts.late = 3;
        let text = text(&status).unwrap();
        assert!(text.contains("saturn_stream_steps_total 7\n"), "{text}");
        assert!(text.contains("saturn_stream_dropped_events_total{kind=\"late\"} 3\n"));
        assert!(text.ends_with("# EOF\n"));
        for line in text.lines() {
            let sample = line.rsplit_once(' ').is_some_and(|(name, value)| {
                name.starts_with("saturn_stream_") && value.parse::<f64>().is_ok()
            });
            assert!(line.starts_with("# ") || sample, "{line}");
        }
    }
}
