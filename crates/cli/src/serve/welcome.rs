//! What `tongke serve` says once it listens.

use super::addresses::urls;
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
    /// Why the registry inside does not work; none: it does.
    pub registry_trouble: Option<String>,
}

impl Welcome<'_> {
    /// The addresses as people type them, the likeliest first.
    pub fn urls(&self) -> Vec<String> {
        urls(self.is_plain, self.listen, &self.reachable)
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
        match &self.registry_trouble {
            None => {
                writeln!(
                    f,
                    "The registry, which knows what took place, is at {url}/api/v1; a token for it:"
                )?;
                writeln!(f, "  tongke registry token --data {folder} --name admin --may admin")
            }
            Some(trouble) => {
                writeln!(f, "The registry does not work: {trouble}")?;
                writeln!(f, "Lessons do; what happens in them is kept in {folder}/facts until it does.")
            }
        }
    }
}

/// A path as a shell takes it.
pub fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    if path.chars().all(|c| c.is_alphanumeric() || "/._-+".contains(c)) {
        return path;
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn welcome(registry_trouble: Option<&str>) -> String {
        let listen: SocketAddr = "10.0.0.5:1".parse().unwrap();
        let welcome = Welcome {
            is_plain: false,
            listen,
            reachable: vec![listen.ip()],
            folder: Path::new("/var/lib/tong ke"),
            made_certificate: None,
            registry_trouble: registry_trouble.map(str::to_owned),
        };
        welcome.to_string()
    }

    #[test]
    fn the_command_for_a_link_can_be_pasted() {
        let text = welcome(None);
        assert!(text.contains("--data '/var/lib/tong ke' --lesson math"), "{text}");
        assert!(text.contains("--url https://10.0.0.5:1\n"), "{text}");
        assert!(text.contains("  tongke registry token --data '/var/lib/tong ke' --name admin"), "{text}");
    }

    #[test]
    fn a_registry_that_does_not_work_is_told_and_that_lessons_do() {
        let text = welcome(Some("the disk is full"));
        assert!(text.contains("does not work: the disk is full\nLessons do;"), "{text}");
        assert!(!text.contains("registry token"), "{text}");
    }
}
