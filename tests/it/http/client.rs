//! An HTTP client for tests, and what came back.

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;

/// An HTTP client that takes every status as an answer.
#[derive(Clone)]
pub struct Client {
    base: String,
    agent: ureq::Agent,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub text: String,
}

impl Client {
    pub fn of(address: SocketAddr) -> Self {
        let config =
            ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(60)));
        Self { base: format!("http://{address}"), agent: config.build().into() }
    }

    pub fn get(&self, path: &str) -> Reply {
        Reply::of(self.agent.get(format!("{}{path}", self.base)).call().unwrap())
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let request = self.agent.get(format!("{}{path}", self.base));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Reply::of(request.call().unwrap())
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(path, &[("content-type", "application/json")], body.to_string().as_bytes())
    }

    pub fn send(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        self.try_send(path, headers, body).unwrap()
    }

    /// The same, to a service that may break off.
    pub fn try_send(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Reply, ureq::Error> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Reply::try_of(request.send(body)?)
    }
}

impl Reply {
    fn of(response: ureq::http::Response<ureq::Body>) -> Self {
        Self::try_of(response).unwrap()
    }

    fn try_of(mut response: ureq::http::Response<ureq::Body>) -> Result<Self, ureq::Error> {
        let text = response.body_mut().with_config().limit(1 << 30).read_to_string()?;
        Ok(Self { status: response.status().as_u16(), headers: response.headers().clone(), text })
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The message of an error, which is a JSON string whatever the status.
    pub fn message(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        self.json().as_str().unwrap_or_else(|| panic!("no message in {self:?}")).to_owned()
    }

    pub fn decision(&self) -> bool {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()["decision"].as_bool().unwrap()
    }
}
