//! What `tongke serve` says once it listens.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

/// Where it listens, and how to go on from there.
pub struct Welcome<'a> {
    /// Plain HTTP instead of HTTPS.
    pub is_plain: bool,
    /// Where pages and relay listen.
    pub listen: SocketAddr,
    /// The addresses that reach it.
    pub reachable: Vec<IpAddr>,
    /// The folder with the secret.
    pub folder: &'a Path,
    /// The certificate that was made, which nobody knows yet.
    pub made_certificate: Option<PathBuf>,
}

impl Welcome<'_> {
    /// The addresses as people type them, the likeliest first.
    pub fn urls(&self) -> Vec<String> {
        let scheme = if self.is_plain { "http" } else { "https" };
        let port = self.listen.port();
        let is_here = self.listen.ip().is_unspecified() || self.listen.ip().is_loopback();
        let of_ip = self.reachable.iter().filter(|ip| !ip.is_loopback() || !self.listen.ip().is_loopback());
        let names = of_ip.map(|ip| SocketAddr::new(*ip, port).to_string());
        let here = is_here.then(|| format!("localhost:{port}"));
        names.chain(here).map(|place| format!("{scheme}://{place}")).collect()
    }
}

impl fmt::Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let urls = self.urls();
        let folder = quoted(self.folder);
        writeln!(f, "Tongke is ready at")?;
        for url in &urls {
            writeln!(f, "  {url}")?;
        }
        writeln!(f, "A link for a classroom of a lesson (role: supporting, receiving or observer):")?;
        let url = urls.first().map_or("https://HOST:PORT", String::as_str);
        writeln!(
            f,
            "  tongke token --data {folder} --lesson math --role supporting --name 实验小学 --url {url}"
        )?;
        if let Some(certificate) = &self.made_certificate {
            let certificate = quoted(certificate);
            writeln!(
                f,
                "It made its certificate itself: browsers warn once (choose to go on); nodes take it with"
            )?;
            writeln!(f, "  --relay {url} --relay-ca {certificate}")?;
        }
        Ok(())
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    if path.chars().all(|c| c.is_alphanumeric() || "/._-+".contains(c)) {
        return path;
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn welcome(is_plain: bool, listen: &str, reachable: &[&str]) -> Welcome<'static> {
        Welcome {
            is_plain,
            listen: listen.parse().unwrap(),
            reachable: reachable.iter().map(|ip| ip.parse().unwrap()).collect(),
            folder: Path::new("/var/lib/tong ke"),
            made_certificate: None,
        }
    }

    #[test]
    fn every_address_is_told_and_this_machine_by_name() {
        let text = welcome(false, "0.0.0.0:8443", &["192.168.1.5", "2001:db8::5"]);
        assert_eq!(
            text.urls(),
            ["https://192.168.1.5:8443", "https://[2001:db8::5]:8443", "https://localhost:8443"]
        );
        assert_eq!(welcome(true, "127.0.0.1:8080", &["127.0.0.1"]).urls(), ["http://localhost:8080"]);
        assert_eq!(welcome(false, "10.0.0.5:1", &["10.0.0.5"]).urls(), ["https://10.0.0.5:1"]);
    }

    #[test]
    fn the_command_for_a_link_can_be_pasted() {
        let text = welcome(false, "10.0.0.5:1", &["10.0.0.5"]).to_string();
        assert!(text.contains("--data '/var/lib/tong ke' --lesson math"), "{text}");
        assert!(text.contains("--url https://10.0.0.5:1\n"), "{text}");
    }
}
