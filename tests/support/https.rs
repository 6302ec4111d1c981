//! Requests over HTTPS that trust one certificate and follow no redirect.

use reqwest::{Certificate, Client, Method, redirect};

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
}

/// The answer at an address; why there was none.
pub fn get(url: &str, trusted_pem: &[u8]) -> Result<Answer, reqwest::Error> {
    ask(Method::GET, url, trusted_pem, None, String::new())
}

/// As [`get`], with another method, a bearer's token and a body of JSON.
pub fn ask(
    method: Method,
    url: &str,
    trusted_pem: &[u8],
    token: Option<&str>,
    body: String,
) -> Result<Answer, reqwest::Error> {
    // Fails if another test of this process has chosen it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let trusted = Certificate::from_pem(trusted_pem)?;
    let client = Client::builder().tls_certs_only([trusted]).redirect(redirect::Policy::none()).build()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut request = client.request(method, url).header("content-type", "application/json").body(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await?;
        let location = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        Ok(Answer { status: response.status().as_u16(), location, body: response.text().await? })
    })
}
