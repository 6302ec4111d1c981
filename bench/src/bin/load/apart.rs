//! Where the receiving half of the loopback works.
//!
//! On the loopback whatever a target sends is taken apart and put into the subscribers' sockets within
//! the target's own send call, so that its CPU time holds its receivers' kernel too, which would be
//! other machines. Linux can have another processor do that (receive packet steering); then the target
//! pays for its own half and, like a network card's driver, for a message to the other for each send.

use std::io;

const STEERING: &str = "/sys/class/net/lo/queues/rx-0/rps_cpus";

/// The loopback receives on one processor until this is dropped.
pub struct Apart {
    before: String,
}

impl Apart {
    /// Has the loopback receive on `processor`; needs root.
    ///
    /// # Errors
    /// If the kernel does not allow it, or cannot.
    pub fn on(processor: usize) -> io::Result<Self> {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{STEERING}: {error}"));
        let before = std::fs::read_to_string(STEERING).map_err(named)?;
        std::fs::write(STEERING, mask(processor)).map_err(named)?;
        Ok(Self { before })
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        // It could be set, so it can be set back.
        let _ = std::fs::write(STEERING, self.before.trim());
    }
}

/// A set of one processor as the kernel reads it: hexadecimal words of 32 bits, the highest first.
fn mask(processor: usize) -> String {
    let rest = ",00000000".repeat(processor / 32);
    format!("{:x}{rest}", 1_u32 << (processor % 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_is_named_as_the_kernel_reads_it() {
        assert_eq!(mask(0), "1");
        assert_eq!(mask(5), "20");
        assert_eq!(mask(33), "2,00000000");
    }
}
