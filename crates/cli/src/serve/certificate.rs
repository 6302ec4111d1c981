//! The certificate that `tongke serve` makes for itself and keeps.
//!
//! Its key stays when it is made again, and so does its subject: whoever took an earlier one as an
//! authority (a node with `--relay-ca`) goes on trusting the present one.

use super::addresses::host_name;
use super::folder::{unusable, write_for_owner};
use crate::failure::Failure;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    PublicKeyData as _, SanType, SerialNumber,
};
use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use x509_parser::extensions::GeneralName;
use x509_parser::pem::parse_x509_pem;

const DAY: Duration = Duration::from_secs(86_400);
/// The longest that browsers accept.
const VALID: Duration = DAY.saturating_mul(824);
/// A clock somewhere may be behind ours.
const VALID_BEFORE: Duration = DAY;
/// Made again so long before its end, for a service may run for weeks.
const RENEW_BEFORE: Duration = DAY.saturating_mul(60);
const SUBJECT: &str = "Tongke, self-made";
const SERIAL_LEN: usize = 16;

/// The files of a certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The certificate, PEM.
    pub cert: PathBuf,
    /// Its key, PEM, for its owner only.
    pub key: PathBuf,
}

/// The certificate in `folder` for this machine at `addresses`; made where there is none that names them
/// all and lasts.
pub fn keep(folder: &Path, addresses: &[IpAddr], now: SystemTime) -> Result<Kept, Failure> {
    let kept = Kept { cert: folder.join("cert.pem"), key: folder.join("key.pem") };
    let key = keep_key(&kept.key)?;
    let names = names(addresses);
    let present = match std::fs::read(&kept.cert) {
        Ok(pem) => Some(pem),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(unusable("read", &kept.cert, &error)),
    };
    if present.is_some_and(|pem| is_good(&pem, &key, &names, now)) {
        return Ok(kept);
    }
    let pem = make(&key, &names, now).map_err(|error| {
        Failure::running(format!("cannot make a certificate: {error}"))
            .hint("give one with --tls-cert and --tls-key, or use --http")
    })?;
    write_for_owner(&kept.cert, pem.as_bytes()).map_err(|error| unusable("write", &kept.cert, &error))?;
    tracing::info!(path = %kept.cert.display(), "made a certificate");
    Ok(kept)
}

fn keep_key(path: &Path) -> Result<KeyPair, Failure> {
    match std::fs::read_to_string(path) {
        Ok(pem) => KeyPair::from_pem(&pem).map_err(|error| {
            Failure::usage(format!("'{}' is no private key: {error}", path.display()))
                .hint("delete it, and a new one is made")
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = KeyPair::generate()
                .map_err(|error| Failure::running(format!("cannot make a private key: {error}")))?;
            write_for_owner(path, key.serialize_pem().as_bytes())
                .map_err(|error| unusable("write", path, &error))?;
            Ok(key)
        }
        Err(error) => Err(unusable("read", path, &error)),
    }
}

/// A name or an address in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Dns(String),
    Ip(IpAddr),
}

fn names(addresses: &[IpAddr]) -> BTreeSet<Name> {
    let dns = [Some("localhost".to_owned()), host_name()].into_iter().flatten().map(Name::Dns);
    let here = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    dns.chain(here.into_iter().chain(addresses.iter().copied()).map(Name::Ip)).collect()
}

/// Whether a certificate is this key's, names all `names` and lasts for a while.
fn is_good(pem: &[u8], key: &KeyPair, names: &BTreeSet<Name>, now: SystemTime) -> bool {
    let Ok((_, pem)) = parse_x509_pem(pem) else { return false };
    let Ok(certificate) = pem.parse_x509() else { return false };
    let unix_s = |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
    let validity = certificate.validity();
    certificate.public_key().raw == key.subject_public_key_info()
        && validity.not_before.timestamp() <= unix_s(now)
        && validity.not_after.timestamp() > unix_s(now + RENEW_BEFORE)
        && names_of(&certificate).is_superset(names)
}

/// Under which name, or else address, of a certificate (PEM) a program on this machine reaches what listens at
/// `here`. None: it names nothing of the kind.
pub fn host_in(pem: &str, here: SocketAddr) -> Option<String> {
    let (_, pem) = parse_x509_pem(pem.as_bytes()).ok()?;
    let names = names_of(&pem.parse_x509().ok()?);
    if names.contains(&Name::Ip(here.ip())) {
        return Some(here.to_string());
    }
    let is_whole = |name: &&Name| matches!(name, Name::Dns(name) if !name.starts_with('*'));
    let here_first = Name::Dns("localhost".to_owned());
    let found = names.get(&here_first).filter(|_| here.ip().is_loopback());
    match found.or_else(|| names.iter().find(is_whole))? {
        Name::Dns(name) => Some(format!("{name}:{}", here.port())),
        Name::Ip(_) => None,
    }
}

fn names_of(certificate: &x509_parser::certificate::X509Certificate<'_>) -> BTreeSet<Name> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return BTreeSet::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(Name::Dns((*name).to_owned())),
        GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
            .map(IpAddr::from)
            .or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from))
            .ok()
            .map(Name::Ip),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(name).collect()
}

fn make(key: &KeyPair, names: &BTreeSet<Name>, now: SystemTime) -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.subject_alt_names = names.iter().map(alternative).collect::<Result<_, _>>()?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, SUBJECT);
    params.not_before = (now - VALID_BEFORE).into();
    params.not_after = (now + VALID).into();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Browsers refuse two certificates of one issuer with one number.
    let mut serial: [u8; SERIAL_LEN] = rand::random();
    serial[0] = serial[0] & 0x7f | 1;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(params.self_signed(key)?.pem())
}

fn alternative(name: &Name) -> Result<SanType, rcgen::Error> {
    Ok(match name {
        Name::Dns(name) => SanType::DnsName(name.as_str().try_into()?),
        Name::Ip(ip) => SanType::IpAddress(*ip),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            let path = std::env::temp_dir().join(format!("tongke-cert-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Scratch(path)
        }

        fn keep(&self, addresses: &[&str], now: SystemTime) -> Vec<u8> {
            let addresses: Vec<IpAddr> = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
            std::fs::read(keep(&self.0, &addresses, now).ok().unwrap().cert).unwrap()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn it_is_kept_until_an_address_is_new_or_its_end_is_near_and_its_key_beyond_that() {
        let scratch = Scratch::new("kept");
        let now = SystemTime::now();
        let first = scratch.keep(&["192.0.2.5", "192.0.2.6"], now);
        assert_eq!(scratch.keep(&["192.0.2.6"], now), first, "an address less is no reason");
        assert_eq!(scratch.keep(&["192.0.2.5"], now + DAY * 700), first);
        let key = std::fs::read(scratch.0.join("key.pem")).unwrap();
        let moved = scratch.keep(&["192.0.2.7"], now);
        assert_ne!(moved, first);
        assert_ne!(scratch.keep(&["192.0.2.7"], now + DAY * 800), moved);
        assert_eq!(std::fs::read(scratch.0.join("key.pem")).unwrap(), key);
        assert_eq!(std::fs::metadata(scratch.0.join("key.pem")).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn it_names_this_machine_and_lasts_no_longer_than_browsers_accept() {
        let scratch = Scratch::new("names");
        let pem = scratch.keep(&["192.0.2.5"], SystemTime::now());
        let (_, pem) = parse_x509_pem(&pem).unwrap();
        let certificate = pem.parse_x509().unwrap();
        let names = names_of(&certificate);
        for name in ["127.0.0.1", "::1", "192.0.2.5"] {
            assert!(names.contains(&Name::Ip(name.parse().unwrap())), "{name}");
        }
        assert!(names.contains(&Name::Dns("localhost".to_owned())));
        let validity = certificate.validity();
        assert!(validity.not_after.timestamp() - validity.not_before.timestamp() <= 825 * 86_400);
        assert!(!certificate.is_ca(), "it vouches for nobody else");
    }

    #[test]
    fn a_key_that_is_none_is_told_and_a_foreign_certificate_replaced() {
        let scratch = Scratch::new("foreign");
        let now = SystemTime::now();
        let first = scratch.keep(&[], now);
        std::fs::remove_file(scratch.0.join("key.pem")).unwrap();
        assert_ne!(scratch.keep(&[], now), first);
        std::fs::write(scratch.0.join("cert.pem"), "not a certificate").unwrap();
        assert!(scratch.keep(&[], now).starts_with(b"-----BEGIN CERTIFICATE"));
        std::fs::write(scratch.0.join("key.pem"), "not a key").unwrap();
        let told = keep(&scratch.0, &[], now).err().unwrap().to_string();
        assert!(told.contains("key.pem' is no private key") && told.contains("delete it"), "{told}");
    }
}
