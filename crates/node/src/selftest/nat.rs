//! What the NAT between here and the relay does (RFC 5780).

use super::bench::{Bench, Found, Nothing, blocking, opened};
use super::findings::here;
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Finding, Missing, Outcome, Remark, RemarkCode};
use tongke_measure::network::nat::{Filtering, Mapping, TestResult};
use tongke_probe::NatSeen;

pub(super) async fn nat(bench: &mut Bench<'_>) -> Found {
    let (far, session) = bench.reflector().await?;
    let opened = opened(session.session, &session.key).map_err(Nothing::Refused)?;
    let second = session.second_address;
    Ok(of_nat(&blocking(move || tongke_probe::nat(far, second, &opened)).await??))
}

fn of_nat(seen: &NatSeen) -> Vec<Finding> {
    let found = |word: &str| Outcome::Found(word.to_owned());
    let mapping = match seen.tests.mapping() {
        Mapping::NoNat => found("none"),
        Mapping::EndpointIndependent => found("endpoint_independent"),
        Mapping::AddressDependent => found("address_dependent"),
        Mapping::AddressAndPortDependent => found("address_and_port_dependent"),
        Mapping::UdpBlocked => missing(seen, Cause::NoPackets),
        Mapping::NotTested => missing(seen, why_not(seen)),
    };
    let filtering = match seen.tests.filtering() {
        Filtering::EndpointIndependent => found("endpoint_independent"),
        Filtering::AddressDependent => found("address_dependent"),
        Filtering::AddressAndPortDependent => found("address_and_port_dependent"),
        Filtering::UdpBlocked => missing(seen, Cause::NoPackets),
        Filtering::NotTested => missing(seen, why_not(seen)),
    };
    let finding = |quantity, outcome| Finding::new(quantity, here(), outcome);
    vec![finding(Quantity::NatMapping, mapping), finding(Quantity::NatFiltering, filtering)]
}

/// Why a test is not there, though the relay answered.
fn why_not(seen: &NatSeen) -> Cause {
    if seen.tests.other_address { Cause::NoPackets } else { Cause::NoSecondAddress }
}

/// With what one address alone can tell: whence the relay saw the socket, and whether that stayed.
fn missing(seen: &NatSeen, cause: Cause) -> Outcome {
    let TestResult::Answer { mapped } = seen.tests.primary else {
        return Outcome::Missing(Missing { cause, detail: None });
    };
    let seen_as = |code| Remark::of(code).with("local", seen.tests.local).with("mapped", mapped);
    let detail = match seen.mapped_at_end {
        Some(at_end) if at_end == mapped => seen_as(RemarkCode::MappingStayed),
        Some(at_end) => seen_as(RemarkCode::MappingMoved).with("at_end", at_end),
        None => seen_as(RemarkCode::MappingUnanswered),
    };
    Outcome::Missing(Missing { cause, detail: Some(detail) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;
    use tongke_measure::network::nat::NatTests;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn seen(tests: NatTests) -> NatSeen {
        NatSeen { tests, mapped_at_end: Some(address("203.0.113.9:700")) }
    }

    fn tests() -> NatTests {
        let primary = TestResult::Answer { mapped: address("203.0.113.9:700") };
        NatTests { primary, ..NatTests::new(address("192.168.1.7:5000")) }
    }

    #[test]
    fn a_relay_with_one_address_tells_whence_it_sees_the_school_and_nothing_is_guessed() {
        for finding in of_nat(&seen(tests())) {
            let Outcome::Missing(missing) = finding.outcome else { panic!("{finding:?}") };
            assert_eq!(missing.cause, Cause::NoSecondAddress);
            let detail = missing.detail.unwrap();
            assert_eq!(detail.code(), Some(RemarkCode::MappingStayed));
            assert!(detail.to_string().contains("mapped=203.0.113.9:700"), "{detail}");
        }
        let moved = NatSeen { mapped_at_end: Some(address("203.0.113.9:701")), ..seen(tests()) };
        let Outcome::Missing(missing) = &of_nat(&moved)[0].outcome else { panic!() };
        assert!(missing.detail.as_ref().unwrap().to_string().contains("at_end=203.0.113.9:701"));
    }

    #[test]
    fn with_a_second_address_mapping_and_filtering_are_named() {
        let answer = TestResult::Answer { mapped: address("203.0.113.9:700") };
        let tests = NatTests {
            other_address: true,
            alternate_address: answer,
            alternate_both: answer,
            answer_from_other_address: TestResult::Silence,
            answer_from_other_port: TestResult::Silence,
            ..tests()
        };
        let words: Vec<_> = of_nat(&seen(tests)).into_iter().map(|finding| finding.outcome).collect();
        let found = |word: &str| Outcome::Found(word.to_owned());
        assert_eq!(words, [found("endpoint_independent"), found("address_and_port_dependent")]);
    }
}
