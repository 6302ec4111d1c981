//! Which addresses clients are told to send media to.

use crate::config::RelayConfig;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The host candidates of a worker whose media socket is bound to `bound`: what the configuration
/// advertises, else the bound address, else what this machine sends from.
pub(crate) fn advertised(config: &RelayConfig, bound: SocketAddr) -> Vec<SocketAddr> {
    let ips = if !config.advertise.is_empty() {
        config.advertise.clone()
    } else if !bound.ip().is_unspecified() {
        vec![bound.ip()]
    } else {
        own_addresses(bound.is_ipv6())
    };
    ips.into_iter().map(|ip| SocketAddr::new(ip, bound.port())).collect()
}

fn own_addresses(with_v6: bool) -> Vec<IpAddr> {
    // TEST-NET-1 and the documentation prefix: connecting a UDP socket only looks up the route.
    let v4 = source_towards((Ipv4Addr::new(192, 0, 2, 1), 9).into());
    let v6 = with_v6.then(|| source_towards((Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9).into()));
    let found: Vec<IpAddr> = v4.into_iter().chain(v6.flatten()).collect();
    if found.is_empty() {
        tracing::warn!(
            "this machine has no route to anywhere, so WebRTC clients are told 127.0.0.1; \
             set --advertise to the address they can reach"
        );
        return vec![Ipv4Addr::LOCALHOST.into()];
    }
    found
}

fn source_towards(target: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr =
        if target.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(target).ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tongke_protocol::GrantKey;

    fn config(advertise: &[&str]) -> RelayConfig {
        let any: SocketAddr = "0.0.0.0:0".parse().unwrap();
        RelayConfig {
            http: any,
            rtc: any,
            quic: any,
            reflector: None,
            key: GrantKey::new(&[1; 32]).unwrap(),
            tls: None,
            advertise: advertise.iter().map(|ip| ip.parse().unwrap()).collect(),
            workers: 1,
            spread_after: 0,
            reflector_second: None,
            load_mbps: 120,
            pin_workers: true,
            data: None,
        }
    }

    #[test]
    fn what_is_advertised_wins_over_what_is_bound() {
        let bound: SocketAddr = "10.0.0.5:5004".parse().unwrap();
        let told: SocketAddr = "1.2.3.4:5004".parse().unwrap();
        assert_eq!(advertised(&config(&["1.2.3.4"]), bound), [told]);
        assert_eq!(advertised(&config(&[]), bound), [bound]);
    }

    #[test]
    fn a_relay_on_all_addresses_names_a_real_one() {
        let told = advertised(&config(&[]), "0.0.0.0:5004".parse().unwrap());
        assert!(!told.is_empty() && told.iter().all(|address| !address.ip().is_unspecified()));
    }
}
