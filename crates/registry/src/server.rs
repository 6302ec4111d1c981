//! A registry on a port of its own: its interface over HTTP or HTTPS, and its work in the background.

use crate::http;
use crate::service::Service;
use axum::Router;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustls::crypto::ring;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt::Display;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Time for requests under way at the end.
const CLOSE_WAIT: Duration = Duration::from_secs(5);
/// Time for a request's head.
const HEADER_WAIT: Duration = Duration::from_secs(10);
/// How often an HTTP/2 client is asked whether it is there.
const PING_PERIOD: Duration = Duration::from_secs(10);

/// Where a registry listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// The address; port 0: one that is free.
    pub listen: SocketAddr,
    /// For HTTPS; none: HTTP, behind something that does TLS, or in a machine of its own.
    pub tls: Option<TlsFiles>,
}

/// The files of a certificate, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and the chain behind it.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Why a registry does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be had.
    #[error("the registry cannot listen at {address} ({source}); name another address or port")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error("{path} cannot be used for HTTPS ({why}); it must be PEM, the key that of the certificate", path = path.display())]
    Certificate {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The system refuses something.
    #[error("the registry cannot {what}: {source}")]
    System {
        /// What.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
}

/// A registry that serves. Dropping it ends it at once; see [`Server::shutdown`].
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    handle: Handle<SocketAddr>,
    serving: JoinHandle<io::Result<()>>,
    working: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.handle.shutdown();
        self.working.abort();
    }
}

impl Server {
    /// Binds the address, serves there and works in the background, on the current tokio runtime.
    pub fn start(config: &ServerConfig, service: Arc<Service>) -> Result<Server, ServerError> {
        let failed = |source| ServerError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let tls = config.tls.as_ref().map(tls).transpose()?;
        let handle = Handle::new();
        let is_https = tls.is_some();
        let serving = serve(listener, tls, &handle, http::router(service.clone()))?;
        let working = tokio::spawn(service.work());
        tracing::info!(%address, https = is_https, "registry started");
        Ok(Server { address, handle, serving, working })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for ever, or until it has ended by itself.
    pub async fn failed(&mut self) -> ServerError {
        let (what, ended) = tokio::select! {
            served = &mut self.serving => ("go on serving", served.map_err(io::Error::other).and_then(|served| served)),
            worked = &mut self.working => ("go on working", worked.map_err(io::Error::other)),
        };
        ServerError::System { what, source: ended.err().unwrap_or_else(|| io::Error::other("it ended")) }
    }

    /// Takes no new connections, lets requests that are under way end (within bounds), and ends.
    pub async fn shutdown(mut self) {
        tracing::info!("registry shuts down");
        self.handle.graceful_shutdown(Some(CLOSE_WAIT));
        if let Err(error) = (&mut self.serving).await {
            tracing::warn!(%error, "the interface did not end cleanly");
        }
        // Whatever it is in the middle of is undone, and is to be done when a registry runs again.
        self.working.abort();
        let _ = (&mut self.working).await;
    }
}

fn serve(
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    handle: &Handle<SocketAddr>,
    routes: Router,
) -> Result<JoinHandle<io::Result<()>>, ServerError> {
    let fail = |source| ServerError::System { what: "serve", source };
    // How often enrolment may be tried goes by where the tries come from.
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum_server::from_tcp(listener).map_err(fail)?.handle(handle.clone());
    match tls {
        None => {
            let mut server = server.acceptor(NoDelayAcceptor::new());
            limit_waiting(server.http_builder());
            Ok(tokio::spawn(server.serve(service)))
        }
        Some(config) => {
            let mut server = server.acceptor(RustlsAcceptor::new(config).acceptor(NoDelayAcceptor::new()));
            limit_waiting(server.http_builder());
            Ok(tokio::spawn(server.serve(service)))
        }
    }
}

/// A client that never finishes its request, or is no longer there, must not hold a connection.
fn limit_waiting(http: &mut Builder<TokioExecutor>) {
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_WAIT);
    http.http2().timer(TokioTimer::new()).keep_alive_interval(PING_PERIOD);
}

fn tls(files: &TlsFiles) -> Result<RustlsConfig, ServerError> {
    let chain = CertificateDer::pem_file_iter(&files.cert).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|why| unusable(&files.cert, &why))?;
    if chain.is_empty() {
        return Err(unusable(&files.cert, &"it holds no certificate"));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|why| unusable(&files.key, &why))?;
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|why| unusable(&files.key, &why))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}

fn unusable(path: &Path, why: &dyn Display) -> ServerError {
    ServerError::Certificate { path: path.to_owned(), why: why.to_string() }
}
