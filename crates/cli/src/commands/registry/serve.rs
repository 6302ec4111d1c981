//! `tongke registry` without more: the registry serves.

use crate::failure::Failure;
use crate::registry::{Place, RegistrySettings, Running, Welcome};
use crate::serve::{Folder, Tls, TlsSettings, reachable, urls};
use crate::{secret, shutdown};
use std::io::Write as _;
use tongke_registry::{Server, ServerConfig, ServerError, TlsFiles};

/// Serves until it is told to end.
pub async fn run(settings: RegistrySettings, place: &Place) -> Result<(), Failure> {
    let shutdown = shutdown::requested()?;
    let folder = Folder::take(place.folder.clone())?;
    let listen = settings.address();
    let reachable = reachable(listen, settings.advertise.as_deref().unwrap_or_default());
    let secret_file =
        if settings.secret_file.is_some() { place.secret_file.clone() } else { folder.secret()? };
    let key = secret::read(&secret_file)?;
    let tls = TlsSettings { http: settings.http, cert: settings.tls_cert, key: settings.tls_key };
    let tls = Tls::of(tls, &folder, &reachable)?;
    let files = tls.files().map(|kept| TlsFiles { cert: kept.cert.clone(), key: kept.key.clone() });
    let running = Running::open(place, key, settings.relay_url).await?;
    let store = running.store.clone();
    let started = Server::start(&ServerConfig { listen, tls: files }, running.service);
    let mut server = match started {
        Ok(server) => server,
        Err(error) => {
            store.close().await;
            return Err(wrong(error));
        }
    };
    let welcome = Welcome {
        urls: urls(tls.is_plain(), server.address(), &reachable),
        flags: place.flags(),
        made_certificate: tls.made(),
    };
    tracing::info!(urls = ?welcome.urls, database = place.shown(), "registry serves");
    // Whoever reads may have gone away; the registry does not depend on it.
    let _ = std::io::stdout().write_all(welcome.to_string().as_bytes());
    let ended = tokio::select! {
        () = shutdown => {
            server.shutdown().await;
            Ok(())
        }
        ended = server.failed() => Err(wrong(ended)),
    };
    store.close().await;
    ended
}

fn wrong(error: ServerError) -> Failure {
    match error {
        ServerError::Listen { address, source } => {
            let failure = Failure::running(format!("cannot listen on {address}: {source}"));
            match source.kind() {
                std::io::ErrorKind::AddrInUse => failure.hint(
                    "another program listens there already; stop it, or choose another address with --listen",
                ),
                _ => failure.hint("choose another address with --listen"),
            }
        }
        ServerError::Certificate { .. } => Failure::usage(error),
        ServerError::System { .. } => Failure::running(error),
    }
}
