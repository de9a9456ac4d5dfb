//! Host names accepted by the metrics server.
//!
//! A page in a browser can make its own name resolve to this machine, and then read the responses as if they
//! were its own (DNS rebinding). The browser still sends the page's name as `Host`, so only these names are
//! accepted: any IP address (never a page's name), `localhost`, the name in `--metrics` and those in
//! `--metrics-host`. Ports are not compared, as a tunnel may change them.

use std::net::IpAddr;

/// The names that are answered.
#[derive(Clone, Debug)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// Those of the server at `address`, and `names`.
    pub fn new(address: &str, names: &[String]) -> Self {
        let own = ["localhost", name(address)].map(str::to_owned);
        Self(own.into_iter().chain(names.iter().cloned()).collect())
    }

    /// Whether a request for `host` is answered.
    pub fn has(&self, host: &str) -> bool {
        let asked = name(host.trim());
        let asked = asked.strip_suffix('.').unwrap_or(asked);
        let address = asked.trim_start_matches('[').trim_end_matches(']');
        address.parse::<IpAddr>().is_ok()
            || self.0.iter().any(|own| own.eq_ignore_ascii_case(asked))
    }
}

/// `host` without its port.
fn name(host: &str) -> &str {
    if host.starts_with('[') {
        return host.find(']').map_or(host, |end| &host[..=end]);
    }
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_own_names_are_answered() {
        let hosts = Hosts::new("lab:9464", &["gpu.example".to_owned()]);
        for host in [
            "localhost",
            "LocalHost:9464",
            "127.0.0.1",
            "127.0.0.1:9464",
            "[::1]",
            "[::1]:9464",
            "192.168.1.7:80",
            "lab",
            "lab:1",
            "gpu.example:9464",
            "localhost.",
        ] {
            assert!(hosts.has(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:9464",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "x",
        ] {
            assert!(!hosts.has(host), "{host}");
        }
    }
}
