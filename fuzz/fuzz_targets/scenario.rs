//! The YAML of a scenario, up to the checked settings and back to YAML.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use saturn_network::NetSize;
use saturn_sim::scenario::{Scenario, to_yaml};

fuzz_target!(|text: &str| {
    let parse = |text: &str| Scenario::parse(text, "s.yaml", Path::new(""), &[] as &[&str]);
    match parse(text) {
        Ok(scenario) => {
            let yaml = to_yaml(&scenario);
            let again = parse(&yaml).unwrap_or_else(|e| panic!("what was written is not read: {e}\n{yaml}"));
            assert_eq!(to_yaml(&again), yaml);
            for (name, model) in scenario.models.iter() {
                let size = NetSize::of(name, &model.network(), scenario.data.channels, 2);
                // Whether it can be built or not, it can be counted.
                let _ = (size.check_training::<f32>(), size.drawing());
            }
        }
        Err(error) => assert!(error.to_string().contains("s.yaml"), "{error}"),
    }
});
