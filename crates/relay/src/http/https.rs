//! HTTPS on a port that people also reach with `http://`, having typed the address by hand: they
//! are sent on to `https://` instead of seeing a failed connection.

use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Time for a connection's first byte, and for a plain request as a whole.
const PLAIN_WAIT: Duration = Duration::from_secs(5);
/// The first byte of TLS: the content type of a handshake record (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 0x16;

type Tls<S> = <RustlsAcceptor as Accept<TcpStream, S>>::Stream;
type Accepting<S> = Pin<Box<dyn Future<Output = io::Result<(Tls<S>, S)>> + Send>>;

/// Accepts TLS connections, and answers plain requests with a redirect.
#[derive(Clone)]
pub(crate) struct HttpsAcceptor {
    tls: RustlsAcceptor,
}

impl HttpsAcceptor {
    pub(crate) fn new(config: RustlsConfig) -> Self {
        Self { tls: RustlsAcceptor::new(config) }
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for HttpsAcceptor {
    type Stream = Tls<S>;
    type Service = S;
    type Future = Accepting<S>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let tls = self.tls.clone();
        Box::pin(async move {
            // Events are small and must not wait for the acknowledgement of the one before.
            stream.set_nodelay(true)?;
            let mut first = [0];
            match timeout(PLAIN_WAIT, stream.peek(&mut first)).await?? {
                1 if first[0] == TLS_HANDSHAKE => tls.accept(stream, service).await,
                0 => Err(io::ErrorKind::UnexpectedEof.into()),
                _ => {
                    timeout(PLAIN_WAIT, send_on(stream)).await?;
                    Err(io::Error::other("a plain request on the HTTPS port, sent on to https"))
                }
            }
        })
    }
}

/// Answers one plain request.
async fn send_on(stream: TcpStream) {
    let mut http = Builder::new(TokioExecutor::new()).http1_only();
    http.http1().keep_alive(false).timer(TokioTimer::new()).header_read_timeout(PLAIN_WAIT);
    let service = TowerToHyperService::new(Router::new().fallback(redirect));
    if let Err(error) = http.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(error, "a plain request on the HTTPS port could not be answered");
    }
}

async fn redirect(uri: Uri, headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    match target(host, &uri) {
        Some(location) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response(),
        None => (StatusCode::BAD_REQUEST, "this port takes https only\n").into_response(),
    }
}

/// The same place over HTTPS; none: the request does not say where it came.
fn target(host: &str, uri: &Uri) -> Option<String> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let uri: Uri = format!("https://{host}{path}").parse().ok()?;
    // A host that holds a path, a user or nothing at all is read as something else.
    (uri.authority()?.as_str() == host && !host.contains('@')).then(|| uri.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_sent_to_the_same_place_over_https() {
        let to = |host: &str, uri: &str| target(host, &uri.parse().unwrap());
        let lesson = "/lessons/math?grant=a.b&screen=rear";
        assert_eq!(to("school:8443", lesson).unwrap(), format!("https://school:8443{lesson}"));
        assert_eq!(to("[::1]:8443", "/").unwrap(), "https://[::1]:8443/");
        assert_eq!(to("school", "http://proxy/x?y").unwrap(), "https://school/x?y");
        for host in ["", "a b", "a/b", "user@school", "a\"b", "a?b"] {
            assert_eq!(to(host, "/"), None, "{host}");
        }
    }
}
