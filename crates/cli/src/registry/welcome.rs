//! What `tongke registry` says once it listens.

use crate::serve::quoted;
use std::fmt;
use std::path::PathBuf;

/// Where it listens, and how to go on from there.
#[derive(Debug)]
pub struct Welcome {
    /// The addresses that reach it, the likeliest first.
    pub urls: Vec<String>,
    /// The flags that name it to other commands.
    pub flags: String,
    /// The certificate that was made, which nobody knows yet.
    pub made_certificate: Option<PathBuf>,
}

impl fmt::Display for Welcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Welcome { urls, flags, made_certificate } = self;
        writeln!(f, "Tongke's registry is ready at")?;
        for url in urls {
            writeln!(f, "  {url}")?;
        }
        let url = urls.first().map_or("https://HOST:PORT", String::as_str);
        writeln!(
            f,
            "Its interface is described at {url}/api/openapi.json. A token for it (read, enter, grant, inspect, admin):"
        )?;
        writeln!(f, "  tongke registry token {flags} --name admin --may admin")?;
        writeln!(f, "A code for a classroom's machine, and what is typed there:")?;
        writeln!(f, "  tongke registry code {flags} --machine hill-1 --kind node --school hill")?;
        match made_certificate {
            None => writeln!(f, "  tongke enrol --registry {url} --data DIR --code CODE"),
            Some(certificate) => {
                let certificate = quoted(certificate);
                writeln!(
                    f,
                    "  tongke enrol --registry {url} --authority {certificate} --data DIR --code CODE"
                )?;
                writeln!(
                    f,
                    "It made its certificate itself; machines take it as their authority when they enrol."
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_commands_can_be_pasted() {
        let welcome = Welcome {
            urls: vec!["https://10.0.0.5:8444".into()],
            flags: "--data /srv/t".into(),
            made_certificate: Some("/srv/t/tls/cert.pem".into()),
        };
        let text = welcome.to_string();
        for line in [
            "  https://10.0.0.5:8444\n",
            "  tongke registry token --data /srv/t --name admin --may admin\n",
            "  tongke enrol --registry https://10.0.0.5:8444 --authority /srv/t/tls/cert.pem --data DIR --code CODE\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}
