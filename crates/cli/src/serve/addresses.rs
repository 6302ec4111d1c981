//! Under which names and addresses people reach this machine.

use std::net::{IpAddr, SocketAddr};

/// The addresses under which `listen` is reached, the likeliest first: what is advertised; else, where
/// it listens everywhere, each of this machine's own; else that one.
pub fn reachable(listen: SocketAddr, advertise: &[IpAddr]) -> Vec<IpAddr> {
    if !advertise.is_empty() {
        return advertise.to_vec();
    }
    if !listen.ip().is_unspecified() {
        return vec![listen.ip()];
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        tracing::warn!(%error, "this machine's addresses are not known");
        Vec::new()
    });
    let mut found: Vec<IpAddr> =
        interfaces.into_iter().map(|interface| interface.ip()).filter(|ip| is_useful(*ip, listen)).collect();
    found.sort();
    found.dedup();
    found
}

/// The addresses as people type them, the likeliest first.
pub fn urls(is_plain: bool, listen: SocketAddr, reachable: &[IpAddr]) -> Vec<String> {
    let scheme = if is_plain { "http" } else { "https" };
    let port = listen.port();
    let is_here = listen.ip().is_unspecified() || listen.ip().is_loopback();
    let of_ip = reachable.iter().filter(|ip| !ip.is_loopback() || !listen.ip().is_loopback());
    let names = of_ip.map(|ip| SocketAddr::new(*ip, port).to_string());
    let here = is_here.then(|| format!("localhost:{port}"));
    names.chain(here).map(|place| format!("{scheme}://{place}")).collect()
}

/// Whether somebody on another machine may use it, and `listen` takes it.
fn is_useful(ip: IpAddr, listen: SocketAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local(),
        IpAddr::V6(ip) => listen.is_ipv6() && !ip.is_loopback() && !ip.is_unicast_link_local(),
    }
}

/// This machine's own name, if it can stand in a certificate.
pub(super) fn host_name() -> Option<String> {
    let name = rustix::system::uname().nodename().to_str().ok()?.to_ascii_lowercase();
    let is_name = |part: &str| {
        !part.is_empty()
            && part.len() <= 63
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !part.starts_with('-')
    };
    (name.len() <= 253 && name.split('.').all(is_name)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_advertised_goes_before_what_is_listened_on() {
        let listen: SocketAddr = "10.0.0.5:8443".parse().unwrap();
        let told: IpAddr = "203.0.113.7".parse().unwrap();
        assert_eq!(reachable(listen, &[told]), [told]);
        assert_eq!(reachable(listen, &[]), [listen.ip()]);
    }

    #[test]
    fn every_address_is_told_and_this_machine_by_name() {
        let told = |is_plain, listen: &str, ips: &[&str]| {
            let ips: Vec<IpAddr> = ips.iter().map(|ip| ip.parse().unwrap()).collect();
            urls(is_plain, listen.parse().unwrap(), &ips)
        };
        assert_eq!(
            told(false, "0.0.0.0:8443", &["192.168.1.5", "2001:db8::5"]),
            ["https://192.168.1.5:8443", "https://[2001:db8::5]:8443", "https://localhost:8443"]
        );
        assert_eq!(told(true, "127.0.0.1:8080", &["127.0.0.1"]), ["http://localhost:8080"]);
        assert_eq!(told(false, "10.0.0.5:1", &["10.0.0.5"]), ["https://10.0.0.5:1"]);
    }

    #[test]
    fn only_what_others_can_use_is_told() {
        let everywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
        let both: SocketAddr = "[::]:0".parse().unwrap();
        for (ip, on_v4, on_both) in [
            ("127.0.0.1", false, false),
            ("169.254.3.4", false, false),
            ("192.168.1.5", true, true),
            ("fe80::1", false, false),
            ("2001:db8::5", false, true),
        ] {
            let ip = ip.parse().unwrap();
            assert_eq!((is_useful(ip, everywhere), is_useful(ip, both)), (on_v4, on_both), "{ip}");
        }
    }
}
