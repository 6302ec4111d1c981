//! How the NAT between a school and the relay behaves, from the tests of RFC 5780 §4.3 and §4.4. They need a relay
//! with a second address; without one the answer is "not tested", and never a guess.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// What became of one test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestResult {
    /// An answer came; for mapping tests it says from where the relay saw the request come.
    Answer {
        /// XOR-MAPPED-ADDRESS.
        mapped: SocketAddr,
    },
    /// No answer, though the request was repeated (RFC 5389 §7.2.1).
    Silence,
    /// The test was not made.
    NotMade,
}

/// The results of the tests, from one socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NatTests {
    /// The socket's own address.
    pub local: SocketAddr,
    /// The relay has a second address and says so (OTHER-ADDRESS).
    pub other_address: bool,
    /// To the relay's primary address and port.
    pub primary: TestResult,
    /// To its alternate address and primary port (§4.3, test II).
    pub alternate_address: TestResult,
    /// To its alternate address and port (§4.3, test III).
    pub alternate_both: TestResult,
    /// To the primary address; the answer is asked to come from the other address and port (§4.4, test II).
    pub answer_from_other_address: TestResult,
    /// To the primary address; the answer is asked to come from the other port (§4.4, test III).
    pub answer_from_other_port: TestResult,
}

/// Which destinations share one public address of a socket (RFC 4787 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mapping {
    /// The public address is the socket's own: there is no NAT.
    NoNat,
    /// All of them.
    EndpointIndependent,
    /// Those at one address.
    AddressDependent,
    /// None: each address and port gets its own.
    AddressAndPortDependent,
    /// The relay's primary address does not answer over UDP.
    UdpBlocked,
    /// Not tested: the relay has no second address, or the tests were not finished.
    NotTested,
}

/// From where packets are let in through a socket's public address (RFC 4787 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filtering {
    /// From anywhere.
    EndpointIndependent,
    /// From addresses that something was sent to.
    AddressDependent,
    /// From addresses and ports that something was sent to.
    AddressAndPortDependent,
    /// The relay's primary address does not answer over UDP.
    UdpBlocked,
    /// Not tested: the relay has no second address, or the tests were not finished.
    NotTested,
}

impl NatTests {
    /// For a socket: nothing tested yet.
    pub fn new(local: SocketAddr) -> Self {
        let not_made = TestResult::NotMade;
        Self {
            local,
            other_address: false,
            primary: not_made,
            alternate_address: not_made,
            alternate_both: not_made,
            answer_from_other_address: not_made,
            answer_from_other_port: not_made,
        }
    }

    /// RFC 5780 §4.3.
    pub fn mapping(&self) -> Mapping {
        use TestResult::Answer;
        let first = match self.primary {
            Answer { mapped } if mapped == self.local => return Mapping::NoNat,
            Answer { mapped } => mapped,
            TestResult::Silence => return Mapping::UdpBlocked,
            TestResult::NotMade => return Mapping::NotTested,
        };
        match (self.alternate_address, self.alternate_both) {
            _ if !self.other_address => Mapping::NotTested,
            (Answer { mapped }, _) if mapped == first => Mapping::EndpointIndependent,
            (Answer { mapped: second }, Answer { mapped }) if mapped == second => Mapping::AddressDependent,
            (Answer { .. }, Answer { .. }) => Mapping::AddressAndPortDependent,
            _ => Mapping::NotTested,
        }
    }

    /// RFC 5780 §4.4. Silence is evidence here, so it counts only from a relay that can answer.
    pub fn filtering(&self) -> Filtering {
        use TestResult::{Answer, NotMade, Silence};
        match (self.primary, self.answer_from_other_address, self.answer_from_other_port) {
            (Silence, _, _) => Filtering::UdpBlocked,
            (NotMade, _, _) => Filtering::NotTested,
            _ if !self.other_address => Filtering::NotTested,
            (_, Answer { .. }, _) => Filtering::EndpointIndependent,
            (_, Silence, Answer { .. }) => Filtering::AddressDependent,
            (_, Silence, Silence) => Filtering::AddressAndPortDependent,
            _ => Filtering::NotTested,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: &str = "192.168.1.7:5000";

    fn answer(mapped: &str) -> TestResult {
        TestResult::Answer { mapped: mapped.parse().unwrap() }
    }

    fn tests(primary: TestResult) -> NatTests {
        NatTests { other_address: true, primary, ..NatTests::new(LOCAL.parse().unwrap()) }
    }

    #[test]
    fn mapping_follows_the_tests_of_section_4_3() {
        let [a, b, c] = ["203.0.113.9:700", "203.0.113.9:701", "203.0.113.9:702"].map(answer);
        let mapping = |primary, alternate_address, alternate_both| {
            NatTests { alternate_address, alternate_both, ..tests(primary) }.mapping()
        };
        let (silence, not_made) = (TestResult::Silence, TestResult::NotMade);
        assert_eq!(mapping(answer(LOCAL), not_made, not_made), Mapping::NoNat);
        assert_eq!(mapping(a, a, not_made), Mapping::EndpointIndependent);
        assert_eq!(mapping(a, b, b), Mapping::AddressDependent);
        assert_eq!(mapping(a, b, c), Mapping::AddressAndPortDependent);
        assert_eq!(mapping(a, b, a), Mapping::AddressAndPortDependent);
        assert_eq!(mapping(silence, not_made, not_made), Mapping::UdpBlocked);
        assert_eq!(mapping(not_made, a, a), Mapping::NotTested);
        assert_eq!(mapping(a, silence, b), Mapping::NotTested, "silence says nothing about mapping");
        assert_eq!(mapping(a, b, silence), Mapping::NotTested);
    }

    #[test]
    fn filtering_follows_the_tests_of_section_4_4() {
        let a = answer("203.0.113.9:700");
        let filtering = |primary, answer_from_other_address, answer_from_other_port| {
            NatTests { answer_from_other_address, answer_from_other_port, ..tests(primary) }.filtering()
        };
        let (silence, not_made) = (TestResult::Silence, TestResult::NotMade);
        assert_eq!(filtering(a, a, not_made), Filtering::EndpointIndependent);
        assert_eq!(filtering(a, silence, a), Filtering::AddressDependent);
        assert_eq!(filtering(a, silence, silence), Filtering::AddressAndPortDependent);
        assert_eq!(filtering(silence, silence, silence), Filtering::UdpBlocked);
        assert_eq!(filtering(a, silence, not_made), Filtering::NotTested);
        assert_eq!(filtering(not_made, a, a), Filtering::NotTested);
    }

    #[test]
    fn a_relay_without_a_second_address_tests_nothing() {
        let (a, b) = (answer("203.0.113.9:700"), answer("203.0.113.9:701"));
        let tests = NatTests {
            other_address: false,
            alternate_address: b,
            alternate_both: b,
            answer_from_other_address: TestResult::Silence,
            answer_from_other_port: TestResult::Silence,
            ..tests(a)
        };
        assert_eq!((tests.mapping(), tests.filtering()), (Mapping::NotTested, Filtering::NotTested));
    }
}
